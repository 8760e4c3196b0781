//! The store contract on the host, by the store in memory.
#![allow(clippy::panic)]

#[path = "../store_contract/mod.rs"]
mod store_contract;

use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use store_contract::Fixture;
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

/// The store in memory never makes its caller wait.
fn at_once(future: impl Future<Output = ()>) {
    let future = std::pin::pin!(future);
    assert_eq!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
}

macro_rules! on_the_host {
    ($case:ident) => {
        #[test]
        fn $case() {
            at_once(store_contract::$case(&MemoryStore::default()));
        }
    };
}
store_contract::for_each_case!(on_the_host);
