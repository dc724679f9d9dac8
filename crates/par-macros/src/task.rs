//! `#[task]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Error, FnArg, Ident, ItemFn, LitStr, Pat, Result, ReturnType, Safety, Token, Type, parse_quote,
};

/// `name = "…"`, or nothing.
struct Attributes {
    name: Option<LitStr>,
}

impl Parse for Attributes {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Ok(Self { name: None });
        }
        let key: Ident = input.parse()?;
        if key != "name" {
            return Err(Error::new(key.span(), "the only argument of #[task] is `name = \"…\"`"));
        }
        input.parse::<Token![=]>()?;
        let name: LitStr = input.parse()?;
        if name.value().is_empty() {
            return Err(Error::new(name.span(), "the name of a task cannot be empty"));
        }
        if !input.is_empty() {
            return Err(input.error("the only argument of #[task] is `name = \"…\"`"));
        }
        Ok(Self { name: Some(name) })
    }
}

pub(crate) fn expand(attributes: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let Attributes { name } = syn::parse2(attributes)?;
    let function: ItemFn =
        syn::parse2(item).map_err(|error| Error::new(error.span(), "#[task] belongs on a function"))?;
    reject_what_cannot_travel(&function)?;

    let (names, types) = arguments(&function)?;
    let fields: Vec<Ident> = names.iter().map(|name| format_ident!("r#{}", bare(name))).collect();
    let ident = &function.sig.ident;
    let visibility = &function.vis;
    let output: Type = match &function.sig.output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, output) => (**output).clone(),
    };
    let wire_name = name.map_or_else(
        || {
            let plain = bare(ident);
            quote!(::core::concat!(::core::module_path!(), "::", #plain))
        },
        |name| quote!(#name),
    );
    let docs: Vec<&Attribute> = function.attrs.iter().filter(|a| a.path().is_ident("doc")).collect();
    let cfgs: Vec<&Attribute> = function.attrs.iter().filter(|a| a.path().is_ident("cfg")).collect();
    let title = format!("The task of the function [`{0}`](fn@{0}).", bare(ident));

    Ok(quote! {
        #[allow(clippy::needless_pass_by_value, reason = "what comes off the wire is owned")]
        #function

        #(#cfgs)*
        #[doc = #title]
        #[doc = ""]
        #(#docs)*
        #[allow(non_camel_case_types, reason = "the task has the name of its function")]
        #[derive(
            ::core::fmt::Debug,
            ::core::clone::Clone,
            ::par_core::plumbing::serde::Serialize,
            ::par_core::plumbing::serde::Deserialize,
        )]
        #[serde(crate = "::par_core::plumbing::serde")]
        #visibility struct #ident {
            #(#fields: #types,)*
        }

        #(#cfgs)*
        const _: () = {
            impl #ident {
                /// The task that calls the function with these arguments.
                #[allow(clippy::too_many_arguments, clippy::must_use_candidate, reason = "as the function")]
                #visibility const fn new(#(#fields: #types),*) -> Self {
                    Self { #(#fields),* }
                }
            }

            impl ::par_core::Task for #ident {
                const NAME: &'static str = #wire_name;
                type Output = #output;

                fn run(self) -> Self::Output {
                    #ident(#(self.#fields),*)
                }
            }

            #[::par_core::plumbing::linkme::distributed_slice(::par_core::plumbing::TASKS)]
            #[linkme(crate = ::par_core::plumbing::linkme)]
            static ENTRY: ::par_core::plumbing::Entry = ::par_core::plumbing::Entry::of::<#ident>();
        };
    })
}

fn reject_what_cannot_travel(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if let Some(keyword) = &signature.asyncness {
        return Err(Error::new_spanned(keyword, "a task is synchronous; async tasks belong to par-async"));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "a generic function has no single name on the wire: write one task per type that calls it",
        ));
    }
    if let Some(variadic) = &signature.variadic {
        return Err(Error::new_spanned(variadic, "a task has a fixed number of arguments"));
    }
    if let Safety::Unsafe(keyword) = &signature.safety {
        return Err(Error::new_spanned(
            keyword,
            "a task is called by a worker, which cannot keep an unsafe promise",
        ));
    }
    Ok(())
}

fn arguments(function: &ItemFn) -> Result<(Vec<Ident>, Vec<Type>)> {
    let mut names = Vec::new();
    let mut types = Vec::new();
    for argument in &function.sig.inputs {
        let FnArg::Typed(argument) = argument else {
            return Err(Error::new_spanned(
                argument,
                "a method cannot be a task: pass the value as an argument",
            ));
        };
        let Pat::Ident(pattern) = &*argument.pat else {
            return Err(Error::new_spanned(&argument.pat, "an argument of a task needs a plain name"));
        };
        match &*argument.ty {
            Type::ImplTrait(ty) => {
                return Err(Error::new_spanned(ty, "an argument of a task needs a concrete type"));
            }
            Type::Reference(ty) => {
                return Err(Error::new_spanned(
                    ty,
                    "a reference cannot travel: take an owned value, e.g. a `String`",
                ));
            }
            _ => {}
        }
        names.push(pattern.ident.clone());
        types.push((*argument.ty).clone());
    }
    Ok((names, types))
}

fn bare(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}
