//! Who may come in. Any program of this machine can reach a port of it, and any page of the web can make a
//! browser do so: only those who hold the token, by the name that the server has, from its own page, are let in.

use std::time::Duration;

/// What the server is known by.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    /// Stands in the path of everything that is asked for.
    pub(super) token: String,
    /// Leads to the page once. The command line that starts a browser can be read by others; the token is not in it.
    pub(super) ticket: Option<String>,
    pub(super) port: u16,
}

/// What is known of a request before its body is read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) host: Option<&'a str>,
    pub(super) origin: Option<&'a str>,
    /// `Sec-Fetch-Site`: who makes the browser ask.
    pub(super) site: Option<&'a str>,
    pub(super) content_type: Option<&'a str>,
}

/// What is wanted, by somebody who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want<'a> {
    /// The way in, once.
    Ticket,
    /// A part of the page.
    Page(&'a str),
    /// An answer about the review.
    Ask(&'a str),
    /// Something is to be done.
    Do(&'a str),
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Another name than the server's: somebody's name was pointed here.
    Host,
    /// Not the token.
    Token,
    /// Another page asks.
    Origin,
    /// Neither GET nor POST.
    Method,
    /// No JSON: what a form of another page could send.
    Content,
}

impl Refusal {
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Host => 421,
            Self::Token | Self::Origin => 403,
            Self::Method => 405,
            Self::Content => 415,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Host => "this server is 127.0.0.1 and has no other name",
            Self::Token => {
                "this is no address of this review; the command that serves it prints the right one"
            }
            Self::Origin => "another page may not ask",
            Self::Method => "GET and POST only",
            Self::Content => "JSON only",
        }
    }
}

impl Gate {
    /// The page's address.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.token)
    }

    /// An address that leads to the page once.
    pub(super) fn url_once(&self) -> Option<String> {
        let ticket = self.ticket.as_ref()?;
        Some(format!("http://127.0.0.1:{}/{ticket}", self.port))
    }

    /// Lets somebody in, or says why not.
    pub(super) fn admit<'a>(&self, call: &Call<'a>) -> Result<Want<'a>, Refusal> {
        let hosts = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port));
        let host = call.host.filter(|host| hosts.iter().any(|known| known == host));
        let host = host.ok_or(Refusal::Host)?;
        let path = call.path.strip_prefix('/').ok_or(Refusal::Token)?;
        if self.ticket.as_ref().is_some_and(|ticket| same(ticket, path)) && call.method == "GET" {
            return Ok(Want::Ticket);
        }
        let (token, rest) = path.split_once('/').ok_or(Refusal::Token)?;
        if !same(&self.token, token) {
            return Err(Refusal::Token);
        }
        let own = call.origin.map(|origin| origin.strip_prefix("http://") == Some(host));
        let asked_here = matches!(call.site, None | Some("same-origin"));
        match (call.method, rest.strip_prefix("api/")) {
            (_, _) if own == Some(false) => Err(Refusal::Origin),
            ("GET", None) => Ok(Want::Page(rest)),
            ("GET", Some(_)) if !asked_here => Err(Refusal::Origin),
            ("GET", Some(question)) => Ok(Want::Ask(question)),
            // Every browser says where a POST comes from.
            ("POST", Some(_)) if own.is_none() || !asked_here => Err(Refusal::Origin),
            ("POST", Some(_)) if call.content_type != Some("application/json") => {
                Err(Refusal::Content)
            }
            ("POST", Some(order)) => Ok(Want::Do(order)),
            _ => Err(Refusal::Method),
        }
    }
}

/// How long a server waits that nobody asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Idle {
    pub(super) limit: Duration,
}

impl Idle {
    /// How much longer; none: it is over.
    pub(super) fn left(self, since_last: Duration) -> Option<Duration> {
        self.limit.checked_sub(since_last).filter(|left| !left.is_zero())
    }
}

/// Compares without telling by the time it takes how much was right.
fn same(secret: &str, tried: &str) -> bool {
    let differs = secret.bytes().zip(tried.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    differs == 0 && secret.len() == tried.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: Option<&str> = Some("127.0.0.1:7000");
    const OWN: Option<&str> = Some("http://127.0.0.1:7000");

    fn gate() -> Gate {
        Gate { token: "secret".into(), ticket: Some("once".into()), port: 7000 }
    }

    fn get(path: &str) -> Call<'_> {
        Call { method: "GET", path, host: HOST, ..Call::default() }
    }

    fn post(path: &str) -> Call<'_> {
        let content_type = Some("application/json");
        Call { method: "POST", path, host: HOST, origin: OWN, content_type, ..Call::default() }
    }

    #[test]
    fn who_holds_the_token_comes_in() {
        let gate = gate();
        assert_eq!(gate.admit(&get("/secret/")), Ok(Want::Page("")));
        assert_eq!(gate.admit(&get("/secret/page.css")), Ok(Want::Page("page.css")));
        assert_eq!(gate.admit(&get("/secret/api/desk")), Ok(Want::Ask("desk")));
        assert_eq!(gate.admit(&post("/secret/api/apply")), Ok(Want::Do("apply")));
        assert_eq!(gate.admit(&get("/once")), Ok(Want::Ticket));
        let near = Call { host: Some("localhost:7000"), ..get("/secret/") };
        assert_eq!(gate.admit(&near), Ok(Want::Page("")));
        assert_eq!(Gate { ticket: None, ..gate }.admit(&get("/once")), Err(Refusal::Token));
    }

    #[test]
    fn nobody_else_does() {
        let gate = gate();
        for path in
            ["/", "", "/secre/", "/secrets/", "/secret", "//", "/api/desk", "/onc", "/x/api/desk"]
        {
            assert_eq!(gate.admit(&get(path)), Err(Refusal::Token), "{path}");
        }
        for host in [None, Some("evil.example:7000"), Some("127.0.0.1:7001"), Some("127.0.0.1")] {
            assert_eq!(gate.admit(&Call { host, ..get("/secret/") }), Err(Refusal::Host));
        }
        for origin in
            ["http://evil.example", "null", "http://localhost:7000", "https://127.0.0.1:7000"]
        {
            let origin = Some(origin);
            let order = "/secret/api/apply";
            assert_eq!(gate.admit(&Call { origin, ..post(order) }), Err(Refusal::Origin));
            assert_eq!(
                gate.admit(&Call { origin, ..get("/secret/api/desk") }),
                Err(Refusal::Origin)
            );
        }
        let silent = Call { origin: None, ..post("/secret/api/apply") };
        assert_eq!(gate.admit(&silent), Err(Refusal::Origin));
        let framed = Call { site: Some("cross-site"), ..get("/secret/api/desk") };
        assert_eq!(gate.admit(&framed), Err(Refusal::Origin));
        let form = Call { content_type: Some("text/plain"), ..post("/secret/api/apply") };
        assert_eq!(gate.admit(&form), Err(Refusal::Content));
        assert_eq!(gate.admit(&post("/secret/")), Err(Refusal::Method));
        assert_eq!(gate.admit(&Call { method: "PUT", ..get("/secret/") }), Err(Refusal::Method));
    }

    #[test]
    fn a_server_that_nobody_asks_ends() {
        let idle = Idle { limit: Duration::from_secs(10) };
        assert_eq!(idle.left(Duration::from_secs(4)), Some(Duration::from_secs(6)));
        assert_eq!(idle.left(Duration::from_secs(10)), None);
        assert_eq!(idle.left(Duration::from_secs(11)), None);
    }
}
