//! Prices at the places where they change.

use super::*;

/// 2026-11-22T12:00:00Z.
const NOVEMBER: i64 = 1_795_348_800_000;
const DAY_MS: i64 = 86_400_000;

fn pricing(provider: &str, model: &str, at: i64) -> Pricing {
    Pricing::new(ModelId::new(provider, model), at)
}

/// A request without a cache.
fn used(prompt: u64, reply: u64) -> Usage {
    Usage { input_tokens: Some(prompt), output_tokens: Some(reply), ..Usage::default() }
}

#[test]
fn prices_of_the_defaults() {
    for (provider, model, input, output) in [
        ("openai", "gpt-6-luna", 0.1, 0.5),
        ("anthropic", "claude-haiku-5-5", 0.1, 0.5),
        ("google", "gemini-3.5-flash-lite", 0.3, 2.5),
        ("openai", "gpt-6.1-sol", 2.0, 10.0),
        ("anthropic", "claude-sonnet-5-5", 2.0, 10.0),
    ] {
        let price = pricing(provider, model, NOVEMBER).price().unwrap_or_else(|| panic!("{model}"));
        assert_eq!((price.input_per_mtok, price.output_per_mtok), (input, output), "{model}");
    }
}

#[test]
fn every_name_in_the_table_is_one_of_the_data() {
    let calculator = genai_prices::Calculator::bundled();
    let known: Vec<String> =
        calculator.providers().map(|provider| provider.id().to_string()).collect();
    for service in [
        "anthropic",
        "azure",
        "bedrock",
        "cerebras",
        "deepseek",
        "fireworks",
        "google",
        "vertex",
        "groq",
        "mistral",
        "moonshot",
        "openai",
        "openrouter",
        "together",
        "xai",
        "zai",
    ] {
        let id = priced_as(service).unwrap();
        assert!(known.iter().any(|known| known == id), "{service}: {id}");
    }
}

#[test]
fn a_large_prompt_reprices_the_whole_request() {
    let luna = pricing("openai", "gpt-6-luna", NOVEMBER);
    let cost = |tokens| luna.cost_usd(&used(tokens, 0)).unwrap();
    assert!((cost(272_000) - 0.0272).abs() < 1e-9, "{}", cost(272_000));
    assert!((cost(272_001) - 0.0544002).abs() < 1e-9, "{}", cost(272_001));
}

/// Unix milliseconds of a time on a day of 2026, counted from November 22nd.
fn at(days: i64, hour: i64, minute: i64) -> i64 {
    NOVEMBER + days * DAY_MS + (hour - 12) * 3_600_000 + minute * 60_000
}

fn in_out(provider: &str, model: &str, at: i64) -> (f64, f64) {
    let price = pricing(provider, model, at).price().unwrap_or_else(|| panic!("{model}"));
    (price.input_per_mtok, price.output_per_mtok)
}

/// Input and output of a prompt of this size, in US dollars per million tokens.
fn per_mtok(provider: &str, model: &str, prompt: u64) -> (f64, f64) {
    let priced = pricing(provider, model, NOVEMBER);
    let cost = |reply| priced.cost_usd(&used(prompt, reply)).unwrap();
    let (input, both) = (cost(0), cost(1_000_000));
    (round(input / prompt as f64 * MILLION), round(both - input))
}

#[test]
fn tiers_begin_after_their_last_token() {
    for (provider, model, last, before, after) in [
        ("openai", "gpt-6-luna", 272_000, (0.1, 0.5), (0.2, 0.75)),
        ("openai", "gpt-6-astra", 272_000, (10.0, 50.0), (20.0, 75.0)),
        ("anthropic", "claude-haiku-5-5", 100_000, (0.1, 0.5), (0.5, 2.5)),
        ("xai", "grok-4.7", 199_999, (2.0, 6.0), (4.0, 12.0)),
    ] {
        assert_eq!(per_mtok(provider, model, last), before, "{model}");
        assert_eq!(per_mtok(provider, model, last + 1), after, "{model}");
    }
}

#[test]
fn new_prices_begin_with_their_day() {
    // 2026-12-01 and 2027-01-01.
    for (model, day, before, after) in [
        ("gemini-4-argon", 9, (2.0, 10.0), (4.0, 20.0)),
        ("gemini-3.8-flash", 40, (0.75, 3.75), (1.5, 7.5)),
    ] {
        assert_eq!(in_out("google", model, at(day - 1, 23, 59)), before, "{model}");
        assert_eq!(in_out("google", model, at(day, 0, 0)), after, "{model}");
    }
}

#[test]
fn nights_are_cheaper() {
    let at_night = in_out("deepseek", "deepseek-flash", at(1, 0, 30));
    let by_day = in_out("deepseek", "deepseek-flash", at(1, 2, 0));
    assert_eq!((at_night, by_day), ((0.15, 0.6), (0.3, 1.2)));
}

#[test]
fn a_price_changes_on_its_day() {
    // 2026-12-31T12:00Z and 2027-01-01T12:00Z.
    let flash = |at| pricing("google", "gemini-3.8-flash", at).price().unwrap().input_per_mtok;
    let last_day = NOVEMBER + 39 * DAY_MS;
    assert_eq!((flash(last_day), flash(last_day + DAY_MS)), (0.75, 1.5));
}

#[test]
fn cached_tokens_cost_less_and_unknown_is_none() {
    let sonnet = pricing("anthropic", "claude-sonnet-5-5", NOVEMBER);
    let usage = |cached| Usage {
        input_tokens: Some(10_000),
        cache_read_tokens: Some(cached),
        ..Usage::default()
    };
    assert!(sonnet.cost_usd(&usage(9_000)) < sonnet.cost_usd(&usage(0)));
    assert_eq!(pricing("openai", "gpt-99-nova", NOVEMBER).price(), None);
    assert!(pricing("openai", "gpt-6-luna", NOVEMBER).price().is_some());
    assert_eq!(pricing("openai-proxy", "gpt-6-luna", NOVEMBER).price(), None);
    assert_eq!(pricing("nobody", "gpt-4o-x", NOVEMBER).cost_usd(&usage(0)), None);
}

const OWN: Price = Price {
    input_per_mtok: 1.0,
    output_per_mtok: 3.0,
    cache_read_per_mtok: Some(0.5),
    cache_write_per_mtok: Some(2.0),
};

#[test]
fn prices_of_ones_own_win() {
    for (provider, model) in [("mine", "big"), ("openai", "gpt-6-luna")] {
        let priced = pricing(provider, model, NOVEMBER).with_own(Some(OWN));
        let usage = Usage { cache_read_tokens: Some(400_000), ..used(1_000_000, 100_000) };
        assert_eq!(priced.cost_usd(&usage), Some(0.6 + 0.2 + 0.3));
        assert_eq!(priced.price(), Some(OWN));
    }
}

#[test]
fn each_part_of_a_prompt_has_its_own_price() {
    let cost = |own: Price, prompt: u64, read: u64, written: u64| {
        let usage = Usage {
            cache_read_tokens: Some(read),
            cache_write_tokens: Some(written),
            ..used(prompt, 0)
        };
        pricing("mine", "big", NOVEMBER).with_own(Some(own)).cost_usd(&usage).unwrap()
    };
    const M: u64 = 1_000_000;
    for (prompt, read, written, usd) in [
        (0, 0, 0, 0.0),
        (4 * M, 0, 0, 4.0),
        (4 * M, M, 0, 3.5),
        (4 * M, 0, M, 5.0),
        (4 * M, M, M, 4.5),
        (4 * M, 4 * M, 0, 2.0),
        (4 * M, 0, 4 * M, 8.0),
        // A service that counts more parts than there are: no token is paid for twice.
        (4 * M, 3 * M, 3 * M, 3.5),
        (4 * M, 9 * M, 9 * M, 2.0),
    ] {
        assert_eq!(cost(OWN, prompt, read, written), usd, "{prompt} {read} {written}");
    }
    let plain = Price { cache_read_per_mtok: None, cache_write_per_mtok: None, ..OWN };
    assert_eq!(cost(plain, 4 * M, M, 2 * M), 4.0);
}

#[test]
fn the_worst_case_writes_the_cache_where_that_is_dearer() {
    let worst = |own: Price| {
        let priced = pricing("mine", "big", NOVEMBER).with_own(Some(own));
        priced.worst_case_usd(1_000_000, 1_000_000).unwrap()
    };
    assert_eq!(worst(OWN), 5.0);
    for write in [None, Some(0.0), Some(1.0)] {
        assert_eq!(worst(Price { cache_write_per_mtok: write, ..OWN }), 4.0, "{write:?}");
    }
    let haiku = pricing("anthropic", "claude-haiku-5-5", NOVEMBER);
    let written = haiku.price().unwrap().cache_write_per_mtok.unwrap();
    assert!(written > 0.1, "{written}");
    assert_eq!(round(haiku.worst_case_usd(10_000, 0).unwrap() * 100.0), written);
    let flash = pricing("google", "gemini-3.5-flash-lite", NOVEMBER);
    assert_eq!(flash.worst_case_usd(10_000, 10), flash.cost_usd(&used(10_000, 10)));
    assert_eq!(pricing("nobody", "x", NOVEMBER).worst_case_usd(1, 1), None);
}
