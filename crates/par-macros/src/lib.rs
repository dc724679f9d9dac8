//! The attributes `#[task]` and `#[workload]` of par; use them as `par_core::task` and `par_core::workload`.
#![forbid(unsafe_code)]

mod task;
mod workload;

use proc_macro::TokenStream;

/// Turns a function into a task: it stays callable as it is, and a type of its name implements `Task`.
///
/// `#[par_core::task] fn square(x: u64) -> u64` leaves `square(3)` as it was and adds the type `square`, whose
/// `square::new(3)` can be submitted to any executor. The task is registered at link time, under its module path and
/// name; `#[par_core::task(name = "image.resize")]` sets another name, which other programs can rely on.
///
/// Arguments and output must be `Serialize`, `DeserializeOwned`, `Send` and `'static`, arguments also `Debug` and
/// `Clone`, which the task is, too; generic functions, methods,
/// `async` functions and arguments of type `impl Trait` or with patterns are errors.
#[proc_macro_attribute]
pub fn task(attributes: TokenStream, item: TokenStream) -> TokenStream {
    task::expand(attributes.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Registers a workload, so that its chunks can run in another process: put it on `impl Workload for …`.
#[proc_macro_attribute]
pub fn workload(attributes: TokenStream, item: TokenStream) -> TokenStream {
    workload::expand(attributes.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
