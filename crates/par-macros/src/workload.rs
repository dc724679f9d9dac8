//! `#[workload]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ItemImpl, Result};

pub(crate) fn expand(attributes: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !attributes.is_empty() {
        return Err(Error::new_spanned(attributes, "#[workload] takes no arguments"));
    }
    let implementation: ItemImpl = syn::parse2(item)
        .map_err(|error| Error::new(error.span(), "#[workload] belongs on `impl Workload for …`"))?;
    let is_workload = implementation
        .trait_
        .as_ref()
        .and_then(|path| path.0.segments.last())
        .is_some_and(|last| last.ident == "Workload");
    if !is_workload {
        return Err(Error::new_spanned(
            &implementation.self_ty,
            "#[workload] belongs on `impl Workload for …`",
        ));
    }
    if !implementation.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &implementation.generics,
            "a generic workload has no single name on the wire: register each instance in a `Registry` instead",
        ));
    }
    let workload = &implementation.self_ty;
    Ok(quote! {
        #implementation

        const _: () = {
            #[::par_core::plumbing::linkme::distributed_slice(::par_core::plumbing::TASKS)]
            #[linkme(crate = ::par_core::plumbing::linkme)]
            static ENTRY: ::par_core::plumbing::Entry = ::par_core::plumbing::Entry::of_workload::<#workload>();
        };
    })
}
