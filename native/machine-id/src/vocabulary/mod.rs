//! What this library and its callers agree on: closed lists of words, and limits.
//!
//! Each list stands once, as an enum made by [`words!`] in the module that knows what the words mean; the limits stand in
//! [`limits`]. A test gathers them into `contract/vocabulary.json`, from which the Jenkins plugin reads them.

pub mod applications;
pub mod databases;
#[cfg(test)]
pub(crate) mod generated;
pub mod limits;
pub mod sockets;
#[cfg(test)]
mod tests;

/// The version of the contract in `contract/`, the natives' signatures included: a caller of another version is refused.
pub const ABI: u32 = 4;

/// One of a closed list of words.
pub trait Word: Copy + 'static {
    /// All of them, in the order of the list.
    const ALL: &'static [Self];

    /// The word itself; never changes once released.
    fn word(self) -> &'static str;
}

/// The words of a list, in its order.
pub(crate) fn words_of<T: Word>() -> Vec<&'static str> {
    T::ALL.iter().map(|value| value.word()).collect()
}

/// Makes an enum whose values have a word each: `Name = "name"`.
macro_rules! words {
    ($(#[$outer:meta])* $vis:vis enum $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $name { $($(#[$inner])* $variant,)+ }

        impl $name {
            /// Every one, in the order of the list.
            $vis const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word for it; never changes once released.
            #[must_use]
            $vis const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl $crate::vocabulary::Word for $name {
            const ALL: &'static [Self] = Self::ALL;

            fn word(self) -> &'static str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;
