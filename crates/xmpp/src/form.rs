//! Data forms (XEP-0004), as far as we send and read them.

use crate::{Element, ns};

/// A form of fields with values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// What the form is about: its hidden field `FORM_TYPE` (XEP-0068).
    pub form_type: String,
    /// The other fields.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type, if told.
    pub kind: Option<String>,
    /// What people read.
    pub label: Option<String>,
    /// Its values.
    pub values: Vec<String>,
}

impl Field {
    /// A field with one value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), values: vec![value.into()], ..Self::default() }
    }

    /// A field of a type, without a value, as in a form to be filled in.
    pub fn of_type(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), kind: Some(kind.into()), ..Self::default() }
    }

    /// This field with a label.
    #[must_use]
    pub fn with_label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }
}

impl Form {
    /// Reads the form inside `parent`; none, if there is none.
    pub fn inside(parent: &Element) -> Option<Self> {
        let x = parent.child(ns::FORM, "x")?;
        let mut form = Self::default();
        for field in x.children().filter(|child| child.is(ns::FORM, "field")) {
            let values = field.children().filter(|child| child.is(ns::FORM, "value"));
            let values: Vec<String> = values.map(Element::text).collect();
            let name = field.attribute("var").unwrap_or_default().to_owned();
            if name == "FORM_TYPE" {
                form.form_type = values.into_iter().next().unwrap_or_default();
            } else {
                let kind = field.attribute("type").map(str::to_owned);
                let label = field.attribute("label").map(str::to_owned);
                form.fields.push(Field { name, kind, label, values });
            }
        }
        Some(form)
    }

    /// The first value of a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        field.values.first().map(String::as_str)
    }

    /// The form as an element of `kind`: `form`, `submit`, `result` or `cancel`.
    pub fn element(&self, kind: &'static str) -> Element {
        let form_type = Field {
            kind: Some("hidden".to_owned()),
            ..Field::new("FORM_TYPE", self.form_type.clone())
        };
        let fields = std::iter::once(&form_type).chain(&self.fields).map(|field| {
            let value = |value: &String| Element::new(ns::FORM, "value").with_text(value.clone());
            Element::new(ns::FORM, "field")
                .with_attribute("var", field.name.clone())
                .with_attribute_if("type", field.kind.clone())
                .with_attribute_if("label", field.label.clone())
                .with_children(field.values.iter().map(value))
        });
        Element::new(ns::FORM, "x").with_attribute("type", kind).with_children(fields)
    }
}
