//! Where a binary's tests run, by the name of the global's class. Run by every root of this folder.

use js_sys::Reflect;

pub fn name() -> Option<String> {
    let constructor = Reflect::get(&js_sys::global(), &"constructor".into()).ok()?;
    Reflect::get(&constructor, &"name".into()).ok()?.as_string()
}
