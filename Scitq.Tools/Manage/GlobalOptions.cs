using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Manage;

/// <summary>The options that every verb takes, before or after it.</summary>
internal static class GlobalOptions
{
    public static readonly IReadOnlyList<Option> All =
    [
        new("server", 's', "ADDR", "host, host:port or URL (default: $SCITQ_SERVER, else 127.0.0.1)") { Section = "Global options" },
        new("server-file", '\0', "FILE", "file that holds ADDR (default: $SCITQ_SERVER_FILE)") { Section = "Global options" },
        new("token-file", '\0', "FILE", "file with the API token (default: $SCITQ_TOKEN, $SCITQ_TOKEN_FILE, your own server's)") { Section = "Global options" },
        new("insecure", '\0', null, "no word about a token that goes over plain http to another host") { Section = "Global options" },
        new("timeout", 't', "DUR", "how long to try; for wait: how long to wait") { Section = "Global options" },
        new("format", '\0', "FMT", "table (on a terminal), tsv (else), csv, json, jsonl") { Section = "Global options", Choices = Output.Formats.Names },
        new("json", '\0', null, "the same as --format json") { Section = "Global options" },
        new("no-header", 'H', null, "leave out the header line") { Section = "Global options" },
        new("quiet", 'q', null, "print ids only, or nothing") { Section = "Global options" },
        new("verbose", 'v', null, "show what is said to the server") { Section = "Global options" },
        new("no-color", '\0', null, "no colours (also: $NO_COLOR)") { Section = "Global options" },
        new("yes", 'y', null, "do not ask before acting on several objects") { Section = "Global options" },
        new("help", 'h', null, "show this help") { Section = "Global options" },
        new("version", '\0', null, "show the version") { Section = "Global options" },
    ];
}
