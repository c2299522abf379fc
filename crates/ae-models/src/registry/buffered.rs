//! Settings that are kept until their kind is known, whatever format they came in.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{
    self, Deserialize, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

/// A value of a configuration file.
#[derive(Clone, Debug)]
pub(crate) enum Buffered {
    Nothing,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    List(Vec<Buffered>),
    Table(Vec<(String, Buffered)>),
}

/// What can be wrong with it.
pub(crate) type BufferedError = de::value::Error;

impl<'de> Deserialize<'de> for Buffered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyValue;
        impl<'de> Visitor<'de> for AnyValue {
            type Value = Buffered;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a setting")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Buffered, E> {
                Ok(Buffered::Nothing)
            }

            fn visit_none<E: de::Error>(self) -> Result<Buffered, E> {
                Ok(Buffered::Nothing)
            }

            fn visit_some<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Buffered, D::Error> {
                Buffered::deserialize(deserializer)
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Buffered, E> {
                Ok(Buffered::Bool(value))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Buffered, E> {
                Ok(Buffered::Signed(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Buffered, E> {
                Ok(Buffered::Unsigned(value))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Buffered, E> {
                Ok(Buffered::Float(value))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Buffered, E> {
                Ok(Buffered::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Buffered, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(Buffered::List(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Buffered, A::Error> {
                let mut values = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    values.push(entry);
                }
                Ok(Buffered::Table(values))
            }
        }
        deserializer.deserialize_any(AnyValue)
    }
}

impl IntoDeserializer<'_, BufferedError> for Buffered {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Buffered {
    type Error = BufferedError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BufferedError> {
        match self {
            Self::Nothing => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Signed(value) => visitor.visit_i64(value),
            Self::Unsigned(value) => visitor.visit_u64(value),
            Self::Float(value) => visitor.visit_f64(value),
            Self::Text(value) => visitor.visit_string(value),
            Self::List(values) => visitor.visit_seq(SeqDeserializer::new(values.into_iter())),
            Self::Table(values) => visitor.visit_map(MapDeserializer::new(values.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BufferedError> {
        match self {
            Self::Nothing => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, BufferedError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BufferedError> {
        match self {
            Self::Text(variant) => visitor.visit_enum(Variant {
                name: variant,
                content: None,
            }),
            Self::Table(mut values) if values.len() == 1 => {
                let (name, content) = values.remove(0);
                visitor.visit_enum(Variant {
                    name,
                    content: Some(content),
                })
            }
            other => Err(de::Error::invalid_type(
                other.unexpected(),
                &"a name, or a table of one name",
            )),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl Buffered {
    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Self::Nothing => Unexpected::Unit,
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Signed(value) => Unexpected::Signed(*value),
            Self::Unsigned(value) => Unexpected::Unsigned(*value),
            Self::Float(value) => Unexpected::Float(*value),
            Self::Text(value) => Unexpected::Str(value),
            Self::List(_) => Unexpected::Seq,
            Self::Table(_) => Unexpected::Map,
        }
    }
}

/// A variant of an enum, with what it holds.
struct Variant {
    name: String,
    content: Option<Buffered>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = BufferedError;
    type Variant = Content;

    fn variant_seed<V: de::DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Content), BufferedError> {
        let name: StringDeserializer<BufferedError> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Content(self.content)))
    }
}

/// What a variant holds.
struct Content(Option<Buffered>);

impl Content {
    fn value(self) -> Buffered {
        self.0.unwrap_or(Buffered::Nothing)
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = BufferedError;

    fn unit_variant(self) -> Result<(), BufferedError> {
        <()>::deserialize(self.value())
    }

    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, BufferedError> {
        seed.deserialize(self.value())
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, BufferedError> {
        self.value().deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BufferedError> {
        self.value().deserialize_any(visitor)
    }
}
