//! The differences between the contract that a component was built against and this program's, item by item, so that
//! an author knows what to change. Computed only after a component did not fit.

use wit_parser::{
    Function, FunctionKind, Interface, Resolve, Type, TypeDef, TypeDefKind, TypeOwner, WorldItem,
};

use crate::manifest::PluginKind;

/// More differences than this mean another contract altogether.
const DIFFERENCES_MAX: usize = 5;

/// Returns this program's contract and companions of a kind: name and text, dependencies first.
fn own_texts(kind: PluginKind) -> &'static [(&'static str, &'static str)] {
    match kind {
        PluginKind::AnalyzerModel => &[
            ("analyzer-model.wit", include_str!("../../../../wit/analyzer-model.wit")),
            ("token-counter.wit", include_str!("../../../../wit/token-counter.wit")),
        ],
        PluginKind::IsolationStrategy => {
            &[("isolation-strategy.wit", include_str!("../../../../wit/isolation-strategy.wit"))]
        }
    }
}

/// Describes the differences; empty if there are none or the component cannot be decoded.
pub(super) fn differences(component: &[u8], kind: PluginKind) -> Vec<String> {
    let mut own = Resolve::default();
    for (file, text) in own_texts(kind) {
        if own.push_str(file, text).is_err() {
            return Vec::new();
        }
    }
    let Ok(decoded) = wit_component::decode(component) else { return Vec::new() };
    let wit_component::DecodedWasm::Component(theirs, world) = &decoded else { return Vec::new() };
    let mut comparison = Comparison { own: &own, theirs, found: Vec::new() };
    for (key, item) in &theirs.worlds[*world].exports {
        let WorldItem::Interface { id, .. } = item else { continue };
        let name = theirs.name_world_key(key);
        // Contracts may differ in their version, so the interface is found by its short name.
        let Some(short) = short_name(&name) else { continue };
        let known = own.interfaces.iter().find(|(_, known)| known.name.as_deref() == Some(short));
        if let Some((_, known)) = known {
            comparison.interfaces(known, &theirs.interfaces[*id]);
        }
    }
    let mut found = comparison.found;
    let more = found.len().saturating_sub(DIFFERENCES_MAX);
    found.truncate(DIFFERENCES_MAX);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    found
}

/// Returns `model-catalog` of `massgen:analyzer-model/model-catalog@0.1.0`.
fn short_name(name: &str) -> Option<&str> {
    name.rsplit('/').next()?.split('@').next()
}

/// Compares this program's contract with a component's.
struct Comparison<'a> {
    own: &'a Resolve,
    theirs: &'a Resolve,
    found: Vec<String>,
}

impl Comparison<'_> {
    fn interfaces(&mut self, own: &Interface, theirs: &Interface) {
        for (name, id) in &own.types {
            let own = &self.own.types[*id];
            match theirs.types.get(name) {
                None => self.found.push(format!("it lacks the {} `{name}`", kind_name(own))),
                Some(id) => self.types(own, &self.theirs.types[*id]),
            }
        }
        for (name, function) in &own.functions {
            let Some(given) = theirs.functions.get(name) else {
                self.found.push(format!("it lacks the function `{name}`"));
                continue;
            };
            let (own, given) = (signature(self.own, function), signature(self.theirs, given));
            if own != given {
                self.found
                    .push(format!("the function `{name}` is {given}; this program's is {own}"));
            }
        }
    }

    fn types(&mut self, own: &TypeDef, theirs: &TypeDef) {
        let (kind, name) = (kind_name(theirs), theirs.name.as_deref().unwrap_or_default());
        if kind_name(own) != kind {
            let own = kind_name(own);
            self.found.push(format!("`{name}` is a {kind}; this program's is a {own}"));
            return;
        }
        let (own, theirs) = (members(self.own, own), members(self.theirs, theirs));
        let noun = own.noun;
        let before = self.found.len();
        for (member, given) in &theirs.items {
            match own.content(member) {
                None => self.found.push(format!(
                    "the {kind} `{name}` has the {noun} `{member}`, which this program does not know"
                )),
                Some(known) if known != given => self.found.push(format!(
                    "the {noun} `{member}` of the {kind} `{name}` is `{member}{given}`; this program's is `{member}{known}`"
                )),
                Some(_) => {}
            }
        }
        for (member, _) in own.items.iter().filter(|(member, _)| theirs.content(member).is_none()) {
            self.found.push(format!("the {kind} `{name}` lacks the {noun} `{member}`"));
        }
        if self.found.len() == before && own.items != theirs.items {
            self.found.push(format!("the {noun}s of the {kind} `{name}` are in another order"));
        }
    }
}

fn kind_name(def: &TypeDef) -> &'static str {
    match &def.kind {
        TypeDefKind::Record(_) => "record",
        TypeDefKind::Variant(_) => "variant",
        TypeDefKind::Enum(_) => "enum",
        TypeDefKind::Flags(_) => "flags",
        TypeDefKind::Resource => "resource",
        _ => "type",
    }
}

/// The fields, cases or flags of a type.
struct Members {
    noun: &'static str,
    /// Name, and the type as it follows the name in WIT.
    items: Vec<(String, String)>,
}

impl Members {
    fn content(&self, name: &str) -> Option<&String> {
        self.items.iter().find(|(known, _)| known == name).map(|(_, content)| content)
    }
}

fn members(resolve: &Resolve, def: &TypeDef) -> Members {
    let payload = |ty: &Option<Type>| {
        ty.as_ref().map(|ty| format!("({})", text(resolve, ty))).unwrap_or_default()
    };
    let (noun, items) = match &def.kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            let field = |ty: &Type| format!(": {}", text(resolve, ty));
            ("field", fields.map(|f| (f.name.clone(), field(&f.ty))).collect())
        }
        TypeDefKind::Variant(variant) => {
            ("case", variant.cases.iter().map(|c| (c.name.clone(), payload(&c.ty))).collect())
        }
        TypeDefKind::Enum(cases) => {
            ("case", cases.cases.iter().map(|c| (c.name.clone(), String::new())).collect())
        }
        TypeDefKind::Flags(flags) => {
            ("flag", flags.flags.iter().map(|f| (f.name.clone(), String::new())).collect())
        }
        _ => ("type", Vec::new()),
    };
    Members { noun, items }
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

/// Returns a type in WIT's notation. Named types are compared separately.
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
