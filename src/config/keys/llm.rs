//! Rows of the language model and its memory. None acts in this version.

use crate::config::key::{
    Key, ListRule, SecretForm, TextRule, flag, integer, list, number, one_of, prices, secret, text,
};

pub const KEYS: &[Key] = &[
    one_of(
        "llm.provider",
        "openai",
        &["openai", "anthropic", "ollama", "compatible"],
    )
    .means("who answers"),
    text("llm.model", "", TextRule::Free)
        .also(&["LLM_MODEL"])
        .means("required for strategy.type llm"),
    text(
        "llm.base_url",
        "",
        TextRule::Address(&["https://", "http://"]),
    )
    .also(&["llm.ollama_base_url"])
    .means("address, empty = by provider"),
    secret("llm.api_key", SecretForm::AtLeast(20))
        .also(&[
            "OPENAI_API_KEY",
            "ANTHROPIC_API_KEY",
            "llm.openai_api_key",
            "llm.anthropic_api_key",
        ])
        .means("key of the provider"),
    number("llm.temperature", "0.1", "0", "2")
        .also(&["LLM_TEMPERATURE"])
        .means("omitted where the model refuses it"),
    number("llm.top_p", "1", "0", "1").means("omitted where the model refuses it"),
    integer("llm.max_tokens", "1024", 100, 50_000).means("of one answer"),
    integer("llm.max_context_tokens", "4000", 500, 200_000)
        .also(&["LLM_MAX_CONTEXT"])
        .means("bound of the prompt"),
    number("llm.request_timeout", "30", "5", "40").means("seconds; less than task_timeout_seconds"),
    integer("llm.max_retries", "3", 0, 10)
        .means("retries after the first try, inside the decision deadline"),
    number("llm.retry_delay", "1.0", "0.1", "10").means("first delay in seconds"),
    number("llm.retry_exponential_base", "2.0", "1", "10").means("factor of each further delay"),
    number("llm.confidence_threshold", "0.6", "0", "1")
        .also(&["LLM_CONFIDENCE_THRESHOLD"])
        .means("entries below it become HOLD"),
    flag("llm.enable_caching", "true").means("answers are kept"),
    number("llm.cache_ttl_seconds", "", "0", "3600")
        .or_null("2 x trading.interval")
        .means("how long an answer is kept"),
    integer("llm.cache_max_entries", "1000", 1, 10_000).means("the least recently used goes"),
    number("llm.daily_cost_limit_usd", "5.00", "0", "1000000").means("0 = no call allowed"),
    integer("llm.daily_token_limit", "1000000", 0, 1_000_000_000_000).means("0 = no call allowed"),
    number("llm.monthly_cost_limit_usd", "50.00", "0", "1000000").means("0 = no call allowed"),
    integer("llm.daily_call_limit", "2000", 0, 1_000_000_000).means("0 = no call allowed"),
    prices("llm.prices").means("USD per million tokens by model prefix; JSON"),
    list("llm.fallback_models", "", ListRule::Words { max: 5 }).means("tried in order"),
    text("llm.completion_log", "", TextRule::Path).means("JSON lines, empty = ledger only"),
    integer("llm.prompt_preview_chars", "500", 0, 20_000).means("of the completion log"),
    integer("llm.response_preview_chars", "1000", 0, 20_000).means("of the completion log"),
    flag("llm.use_memory", "false")
        .also(&["LLM_USE_MEMORY"])
        .means("past trades are part of the prompt"),
    flag("llm.skip_unchanged", "true").means("no call while nothing changed after a HOLD"),
    text("llm.prompt_file", "", TextRule::Path).means("prompt template, empty = built in"),
    integer("memory.max_results", "5", 1, 50).means("similar trades handed to the model"),
    number("memory.similarity_threshold", "0.7", "0", "1").means("least similarity"),
    integer("memory.retention_days", "90", 7, 3650).means("trades older than that are forgotten"),
    integer("memory.min_samples_for_pattern", "5", 3, 50).means("trades that make a pattern"),
];
