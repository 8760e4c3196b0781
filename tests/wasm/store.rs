//! Stores in a real browser: the contract by the store in memory and by IndexedDB, and what IndexedDB may meet.
//! `wasm-pack test --headless --chrome --features indexed-db --test wasm_store`, and `--firefox`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::panic)]

#[path = "store/browser.rs"]
mod browser;
#[path = "store/exports.rs"]
mod exports;
#[path = "store/faults.rs"]
mod faults;
#[path = "../store_contract/mod.rs"]
mod store_contract;

use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);

mod memory {
    use super::store_contract::{self, Fixture};
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
    use super::browser::fresh_name;
    use super::store_contract::{self, Fixture};
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
