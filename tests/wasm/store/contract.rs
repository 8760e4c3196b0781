//! The contract of stores, by the store in memory and by IndexedDB.

mod memory {
    use crate::store_contract::{self, Fixture};
    use std::rc::Rc;
    use wasm_bindgen_test::wasm_bindgen_test;
    use weavegraph_wasm::store::MemoryStore;

    impl Fixture for MemoryStore {
        type Store = MemoryStore;

        fn open(&self) -> MemoryStore {
            self.another()
        }

        fn bytes(&self, content: &[u8]) -> Rc<[u8]> {
            content.into()
        }

        fn content(&self, bytes: &Rc<[u8]>) -> Vec<u8> {
            bytes.to_vec()
        }
    }

    macro_rules! in_memory {
        ($case:ident) => {
            #[wasm_bindgen_test]
            async fn $case() {
                store_contract::$case(&MemoryStore::default()).await;
            }
        };
    }
    store_contract::for_each_case!(in_memory);
}

mod indexed_db {
    use crate::browser::fresh_name;
    use crate::store_contract::{self, Fixture};
    use js_sys::Uint8Array;
    use wasm_bindgen_test::wasm_bindgen_test;
    use weavegraph_wasm::store::indexed_db::{IndexedDb, Settings};

    /// A database of its own; a handle is a connection.
    struct Database(String);

    impl Fixture for Database {
        type Store = IndexedDb;

        fn open(&self) -> IndexedDb {
            IndexedDb::new(Settings::new(&self.0))
        }

        fn bytes(&self, content: &[u8]) -> Uint8Array {
            Uint8Array::from(content)
        }

        fn content(&self, bytes: &Uint8Array) -> Vec<u8> {
            bytes.to_vec()
        }
    }

    macro_rules! in_indexed_db {
        ($case:ident) => {
            #[wasm_bindgen_test]
            async fn $case() {
                store_contract::$case(&Database(fresh_name())).await;
            }
        };
    }
    store_contract::for_each_case!(in_indexed_db);
}
