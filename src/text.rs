//! Texts put together from parts, without the standard formatter: that is 3 KB (gzip) of wasm, most of it for what nobody uses.

use std::rc::Rc;

/// A text of these parts in a row: texts, characters and whole numbers.
macro_rules! text {
    ($($part:expr),+ $(,)?) => {{
        let mut text = String::new();
        $crate::text::add_text!(&mut text, $($part),+);
        text
    }};
}

/// The same at the end of a text that is there.
macro_rules! add_text {
    ($text:expr, $($part:expr),+ $(,)?) => {{
        let text: &mut String = $text;
        $($crate::text::Part::add_to(&$part, text);)+
    }};
}
pub(crate) use {add_text, text};

/// What a text can be made of.
pub(crate) trait Part {
    fn add_to(&self, text: &mut String);
}

impl Part for str {
    #[inline(never)]
    fn add_to(&self, text: &mut String) {
        text.push_str(self);
    }
}

impl Part for String {
    fn add_to(&self, text: &mut String) {
        self.as_str().add_to(text);
    }
}

impl Part for u32 {
    #[inline(never)]
    fn add_to(&self, text: &mut String) {
        if *self > 9 {
            (self / 10).add_to(text);
        }
        text.push(char::from(b'0' + (self % 10) as u8));
    }
}

impl Part for Rc<str> {
    fn add_to(&self, text: &mut String) {
        (**self).add_to(text);
    }
}

/// In wasm a length has 32 bits.
impl Part for usize {
    fn add_to(&self, text: &mut String) {
        (*self as u32).add_to(text);
    }
}

impl<T: Part> Part for Option<T> {
    fn add_to(&self, text: &mut String) {
        if let Some(part) = self {
            part.add_to(text);
        }
    }
}

impl<T: Part + ?Sized> Part for &T {
    fn add_to(&self, text: &mut String) {
        (**self).add_to(text);
    }
}

/// Appends the last `digits` hexadecimal digits of a number.
pub(crate) fn add_hex(text: &mut String, number: u64, digits: u32) {
    for digit in (0..digits).rev() {
        let value = (number >> (4 * digit) & 15) as u8;
        text.push(char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 }));
    }
}
