//! `--version --verbose`: what this program is made of.

/// The commit that a release was built from.
const COMMIT: Option<&str> = option_env!("GATECRASH_COMMIT");

/// A line each: the commit, the Lua of the model, the Redis whose answers the model gives.
pub(super) fn details() -> String {
    let commit = COMMIT.unwrap_or("unknown");
    let lua = mlua::Lua::new().globals().get::<String>("_VERSION");
    let lua = lua.unwrap_or_else(|_| "unknown".to_owned());
    let redis = crate::model::REDIS_VERSION;
    format!("commit: {commit}\nlua: {lua}\nredis: the model answers as Redis {redis} does\n")
}
