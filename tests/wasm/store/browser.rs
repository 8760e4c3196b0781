//! IndexedDB as somebody else uses it: other tabs, the user who clears storage, an older or newer version of the package.

use js_sys::{Function, Math, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(inline_js = r#"
const answered = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

// A connection beside the store's. A stubborn one stays open when others want it to go.
export async function openBeside(name, version, isStubborn) {
  const request = indexedDB.open(name, version);
  request.onupgradeneeded = () => {
    if (request.result.objectStoreNames.contains('records')) return;
    for (const store of ['records', 'rows', 'meta']) request.result.createObjectStore(store);
    request.transaction.objectStore('meta').put(0.5, 'id');
  };
  const database = await answered(request);
  if (!isStubborn) database.onversionchange = () => database.close();
  return database;
}
export async function openBare(name) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore('something');
  (await answered(request)).close();
}
export const closeBeside = (database) => database.close();
export const deleteDatabase = (name) => answered(indexedDB.deleteDatabase(name));
// Not awaited: it waits for connections that stay open.
export const beginDeletion = (name) => { indexedDB.deleteDatabase(name); };
export async function putBeside(name, store, key, value) {
  const database = await openBeside(name, undefined, false);
  const transaction = database.transaction(store, 'readwrite');
  transaction.objectStore(store).put(value, key);
  await new Promise((resolve, reject) => { transaction.oncomplete = resolve; transaction.onabort = () => reject(transaction.error); });
  database.close();
}

// A factory over the real one: `change(database, count)` may change the count-th connection, `refuse(count)` may throw instead.
export function factoryOver(change, refuse) {
  let count = 0;
  return {
    open(name, version) {
      count += 1;
      refuse(count);
      const request = indexedDB.open(name, version);
      const number = count;
      request.addEventListener('success', () => change(request.result, number));
      return request;
    },
  };
}
// Connection 1 (or each up to `last`) throws or fails the way that `how` says, from its second transaction on: the first reads the id.
export function brokenFactory(how, last) {
  return factoryOver((database, number) => {
    if (number > last) return;
    const transaction = database.transaction.bind(database);
    let begun = 0;
    database.transaction = (...args) => {
      begun += 1;
      if (begun === 1) return transaction(...args);
      if (how === 'closed') database.close();
      const begunNow = transaction(...args);
      if (how === 'aborted') begunNow.abort();
      if (how === 'silent') Object.defineProperty(begunNow, 'oncomplete', { set() {} });
      if (how.startsWith('commit:')) failCommit(begunNow, how.slice(7));
      if (how.startsWith('request:')) {
        const objectStore = begunNow.objectStore.bind(begunNow);
        begunNow.objectStore = (name) => {
          const store = objectStore(name);
          const add = store.add.bind(store);
          store.add = (...given) => {
            const request = add(...given);
            // A real failure of the request, under the name that is asked for.
            const again = add(...given);
            Object.defineProperty(again, 'error', { value: new DOMException('made up', how.slice(8)) });
            return request;
          };
          return store;
        };
      }
      return begunNow;
    };
  }, () => {});
}
// Aborts once the last request, a `put`, has succeeded.
function failCommit(transaction, name) {
  Object.defineProperty(transaction, 'error', { value: name === 'none' ? null : new DOMException('made up', name) });
  Object.defineProperty(transaction, 'commit', { value() {} });
  const objectStore = transaction.objectStore.bind(transaction);
  transaction.objectStore = (storeName) => {
    const store = objectStore(storeName);
    const put = store.put.bind(store);
    store.put = (...given) => {
      const request = put(...given);
      request.addEventListener('success', () => transaction.abort());
      return request;
    };
    return store;
  };
}
export function refusingFactory(name) {
  return factoryOver(() => {}, () => { throw new DOMException('made up', name); });
}
export function failingOpenFactory(name, last) {
  let count = 0;
  return {
    open(...args) {
      count += 1;
      if (count > last) return indexedDB.open(...args);
      const request = new EventTarget();
      for (const type of ['success', 'error', 'blocked', 'upgradeneeded']) {
        request.addEventListener(type, (event) => request[`on${type}`]?.(event));
      }
      request.error = new DOMException('made up', name);
      setTimeout(() => request.dispatchEvent(new Event('error', { cancelable: true })));
      return request;
    },
  };
}
// Each connection is announced only after `ms`.
export function lateFactory(ms) {
  return {
    open(...args) {
      const request = new EventTarget();
      request.addEventListener('success', (event) => request.onsuccess?.(event));
      indexedDB.open(...args).onsuccess = ({ target }) => {
        request.result = target.result;
        setTimeout(() => request.dispatchEvent(new Event('success')), ms);
      };
      return request;
    },
  };
}
export const shadowIndexedDb = (value) => Object.defineProperty(globalThis, 'indexedDB', { value, configurable: true });
// The global is an accessor on the prototype, or an own one: a shadow is an own value.
const real = Object.getOwnPropertyDescriptor(globalThis, 'indexedDB');
export const unshadowIndexedDb = () => { if (real) Object.defineProperty(globalThis, 'indexedDB', real); else delete globalThis.indexedDB; };
// How many errors the page has reported since the call before.
let reported = 0;
addEventListener('error', () => { reported += 1; });
addEventListener('unhandledrejection', () => { reported += 1; });
export const errorsOfPage = () => { const count = reported; reported = 0; return count; };
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
"#)]
extern "C" {
    #[wasm_bindgen(js_name = openBeside)]
    pub fn open_beside(name: &str, version: u32, is_stubborn: bool) -> Promise;
    #[wasm_bindgen(js_name = openBare)]
    pub fn open_bare(name: &str) -> Promise;
    #[wasm_bindgen(js_name = closeBeside)]
    pub fn close_beside(database: &JsValue);
    #[wasm_bindgen(js_name = deleteDatabase)]
    pub fn delete_database(name: &str) -> Promise;
    #[wasm_bindgen(js_name = beginDeletion)]
    pub fn begin_deletion(name: &str);
    #[wasm_bindgen(js_name = putBeside)]
    pub fn put_beside(name: &str, store: &str, key: &JsValue, value: &JsValue) -> Promise;
    #[wasm_bindgen(js_name = brokenFactory)]
    pub fn broken_factory(how: &str, last: u32) -> web_sys::IdbFactory;
    #[wasm_bindgen(js_name = refusingFactory)]
    pub fn refusing_factory(name: &str) -> web_sys::IdbFactory;
    #[wasm_bindgen(js_name = failingOpenFactory)]
    pub fn failing_open_factory(name: &str, last: u32) -> web_sys::IdbFactory;
    #[wasm_bindgen(js_name = lateFactory)]
    pub fn late_factory(ms: u32) -> web_sys::IdbFactory;
    #[wasm_bindgen(js_name = shadowIndexedDb)]
    pub fn shadow_indexed_db(value: &JsValue);
    #[wasm_bindgen(js_name = unshadowIndexedDb)]
    pub fn unshadow_indexed_db();
    #[wasm_bindgen(js_name = errorsOfPage)]
    pub fn errors_of_page() -> u32;
    pub fn pause(ms: u32) -> Promise;
}

/// A database that no other test has.
pub fn fresh_name() -> String {
    format!("test-{}", Math::random())
}

/// What a promise resolves with.
pub async fn settled(promise: Promise) -> JsValue {
    JsFuture::from(promise).await.unwrap_or_else(|thrown| panic!("{thrown:?}"))
}

/// A function that counts its calls, and the count.
pub fn counter() -> (Function, std::rc::Rc<std::cell::Cell<u32>>) {
    let count = std::rc::Rc::new(std::cell::Cell::new(0));
    let counted = std::rc::Rc::clone(&count);
    let closure = Closure::<dyn FnMut()>::new(move || counted.set(counted.get() + 1));
    (closure.into_js_value().unchecked_into(), count)
}
