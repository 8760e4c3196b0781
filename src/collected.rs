//! One plain loop in place of `collect`, which is up to four functions of wasm for each kind of iterator.

/// The items in a list, as `collect` makes it: one allocation if the iterator knows how many there are.
pub(crate) fn collected<T>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut list = Vec::with_capacity(items.size_hint().0);
    for item in items {
        list.push(item);
    }
    list
}
