//! What differs between the contract that a component was built against and this program's: item by item, so
//! that an author knows what to change. Looked for only after a component did not fit.

use wit_parser::{
    Function, FunctionKind, Interface, Resolve, Type, TypeDef, TypeDefKind, TypeOwner, WorldItem,
};

use crate::manifest::Kind;

/// More differences than this are one: another contract altogether.
const DIFFERENCES_MAX: usize = 5;

/// This program's texts of a contract and its companions: what is used before what uses it.
fn own_texts(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::AnalyzerModel => &[
            ("analyzer-model.wit", include_str!("../../../../wit/analyzer-model.wit")),
            ("token-counter.wit", include_str!("../../../../wit/token-counter.wit")),
        ],
        Kind::IsolationStrategy => {
            &[("isolation-strategy.wit", include_str!("../../../../wit/isolation-strategy.wit"))]
        }
    }
}

/// What differs, in words; empty if nothing does or the component can't be read.
pub(super) fn differences(component: &[u8], kind: Kind) -> Vec<String> {
    let mut own = Resolve::default();
    for (file, text) in own_texts(kind) {
        if own.push_str(file, text).is_err() {
            return Vec::new();
        }
    }
    let Ok(decoded) = wit_component::decode(component) else { return Vec::new() };
    let wit_component::DecodedWasm::Component(theirs, world) = &decoded else { return Vec::new() };
    let mut found = Vec::new();
    for (key, item) in &theirs.worlds[*world].exports {
        let WorldItem::Interface { id, .. } = item else { continue };
        let name = theirs.name_world_key(key);
        // Versions differ where contracts do; the interface is found by its own name.
        let Some(interface) = short_name(&name) else { continue };
        let ours = own.interfaces.iter().find(|(_, ours)| ours.name.as_deref() == Some(interface));
        let Some((_, ours)) = ours else { continue };
        compare(&own, ours, theirs, &theirs.interfaces[*id], &mut found);
    }
    let more = found.len().saturating_sub(DIFFERENCES_MAX);
    found.truncate(DIFFERENCES_MAX);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    found
}

/// `massgen:analyzer-model/model-catalog@0.1.0` is `model-catalog`.
fn short_name(name: &str) -> Option<&str> {
    name.rsplit('/').next()?.split('@').next()
}

fn compare(
    own: &Resolve,
    ours: &Interface,
    other: &Resolve,
    theirs: &Interface,
    found: &mut Vec<String>,
) {
    for (name, id) in &ours.types {
        let ours = &own.types[*id];
        match theirs.types.get(name) {
            None => found.push(format!("it lacks the {} `{name}`", word(ours))),
            Some(id) => types(own, ours, other, &other.types[*id], found),
        }
    }
    for (name, function) in &ours.functions {
        match theirs.functions.get(name) {
            None => found.push(format!("it lacks the function `{name}`")),
            Some(given) => {
                let (ours, given) = (signature(own, function), signature(other, given));
                if ours != given {
                    found.push(format!(
                        "the function `{name}` is {given}; this program's is {ours}"
                    ));
                }
            }
        }
    }
}

fn word(def: &TypeDef) -> &'static str {
    match &def.kind {
        TypeDefKind::Record(_) => "record",
        TypeDefKind::Variant(_) => "variant",
        TypeDefKind::Enum(_) => "enum",
        TypeDefKind::Flags(_) => "flags",
        TypeDefKind::Resource => "resource",
        _ => "type",
    }
}

/// What the parts of a type are called, and the parts with what they hold.
fn parts(resolve: &Resolve, def: &TypeDef) -> (&'static str, Vec<(String, String)>) {
    let held = |ty: &Option<Type>| {
        ty.as_ref().map(|ty| format!("({})", text(resolve, ty))).unwrap_or_default()
    };
    match &def.kind {
        TypeDefKind::Record(record) => (
            "field",
            record
                .fields
                .iter()
                .map(|field| (field.name.clone(), format!(": {}", text(resolve, &field.ty))))
                .collect(),
        ),
        TypeDefKind::Variant(variant) => {
            ("case", variant.cases.iter().map(|case| (case.name.clone(), held(&case.ty))).collect())
        }
        TypeDefKind::Enum(cases) => {
            ("case", cases.cases.iter().map(|case| (case.name.clone(), String::new())).collect())
        }
        TypeDefKind::Flags(flags) => {
            ("flag", flags.flags.iter().map(|flag| (flag.name.clone(), String::new())).collect())
        }
        _ => ("type", Vec::new()),
    }
}

fn types(
    own: &Resolve,
    ours: &TypeDef,
    other: &Resolve,
    theirs: &TypeDef,
    found: &mut Vec<String>,
) {
    let (kind, name) = (word(theirs), theirs.name.as_deref().unwrap_or_default());
    if word(ours) != kind {
        return found.push(format!("`{name}` is a {kind}; this program's is a {}", word(ours)));
    }
    let ((part, known), (_, given)) = (parts(own, ours), parts(other, theirs));
    let mut named = false;
    for (field, held) in &given {
        match known.iter().find(|(known, _)| known == field) {
            None => {
                named = true;
                found.push(format!(
                    "the {kind} `{name}` has the {part} `{field}`, which this program does not know"
                ));
            }
            Some((_, ours)) if ours != held => {
                named = true;
                found.push(format!(
                    "the {part} `{field}` of the {kind} `{name}` is `{field}{held}`; this program's is `{field}{ours}`"
                ));
            }
            Some(_) => {}
        }
    }
    for (field, _) in known.iter().filter(|(known, _)| given.iter().all(|(name, _)| name != known))
    {
        named = true;
        found.push(format!("the {kind} `{name}` lacks the {part} `{field}`"));
    }
    if !named && known != given {
        found.push(format!("the {part}s of the {kind} `{name}` are in another order"));
    }
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, text(resolve, &param.ty)))
        .collect();
    let result = function.result.as_ref().map(|ty| format!(" -> {}", text(resolve, ty)));
    let is_static = matches!(function.kind, FunctionKind::Static(_));
    format!(
        "`{}func({}){}`",
        if is_static { "static " } else { "" },
        params.join(", "),
        result.unwrap_or_default()
    )
}

/// A type as WIT writes it. Named types are compared on their own.
fn text(resolve: &Resolve, ty: &Type) -> String {
    let Type::Id(id) = ty else {
        return format!("{ty:?}").to_lowercase();
    };
    let def = &resolve.types[*id];
    if let (Some(name), TypeOwner::Interface(_)) = (&def.name, &def.owner) {
        return name.clone();
    }
    let of = |ty: &Type| text(resolve, ty);
    match &def.kind {
        TypeDefKind::List(inner) => format!("list<{}>", of(inner)),
        TypeDefKind::Option(inner) => format!("option<{}>", of(inner)),
        TypeDefKind::Tuple(tuple) => {
            format!("tuple<{}>", tuple.types.iter().map(of).collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Result(result) => format!(
            "result<{}, {}>",
            result.ok.as_ref().map_or_else(|| "_".into(), of),
            result.err.as_ref().map_or_else(|| "_".into(), of)
        ),
        TypeDefKind::Handle(wit_parser::Handle::Own(id)) => of(&Type::Id(*id)),
        TypeDefKind::Handle(wit_parser::Handle::Borrow(id)) => {
            format!("borrow<{}>", of(&Type::Id(*id)))
        }
        TypeDefKind::Type(inner) => of(inner),
        _ => def.name.clone().unwrap_or_default(),
    }
}
