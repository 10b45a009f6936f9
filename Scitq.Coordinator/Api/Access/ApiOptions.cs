using System.ComponentModel.DataAnnotations;
using System.Net;
using Scitq.Hosting.Configuration;

namespace Scitq.Coordinator.Api.Access;

/// <summary>The address of the API, and the token that its clients must present.</summary>
public sealed class ApiOptions : IValidatableObject
{
    /// <summary>The port; 0 takes any free one.</summary>
    [ServiceOption("port", "N", "port of the API (default 5000; 0 takes a free one)")]
    [Range(0, 65535)]
    public int Port { get; set; } = 5000;

    /// <summary>The address to listen on; any but loopback needs a token.</summary>
    [ServiceOption("host", "ADDRESS", "address to listen on (default 127.0.0.1; any other needs a token)")]
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>The token that clients must present; null for one that the coordinator makes.</summary>
    [ServiceOption("token", "TEXT", "what clients must present (better: --token-file or SCITQ_TOKEN; default: one made for you in DIR/token)",
        FileHelp = "a file that holds the token")]
    public string? Token { get; set; }

    /// <summary>Whether every account of this machine is answered without a token.</summary>
    [ServiceOption("no-token", null, "answer every account of this machine; on loopback only")]
    public bool NoToken { get; set; }

    /// <summary>The address to listen on, as Kestrel takes it.</summary>
    internal string Url => $"http://{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Token is { } token && (token.Length == 0 || token.Any(c => c is <= ' ' or > '~')))
            yield return new("the token is empty, or holds characters that no HTTP header can carry: use printable ASCII without blanks.");
        if (NoToken && Token is not null) yield return new("--no-token and a token exclude each other.");
        if (!IPAddress.TryParse(Host == "localhost" ? "127.0.0.1" : Host, out var address))
            yield return new($"--host '{Host}' is not an address (127.0.0.1, 0.0.0.0, ::…).");
        else if (Token is null && !IPAddress.IsLoopback(address))
            yield return new($"--host {Host} is open to other machines, so a token is needed: --token-file FILE or SCITQ_TOKEN.");
    }
}
