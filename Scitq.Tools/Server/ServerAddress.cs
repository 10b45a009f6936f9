using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Server;

/// <summary>Where the server is: an HTTP base address, or a broker.</summary>
/// <param name="Uri">With a final slash when it is HTTP.</param>
/// <param name="IsBus">Whether it is the message bus, <c>amqp://</c> or <c>amqps://</c>.</param>
internal sealed record ServerAddress(Uri Uri, bool IsBus)
{
    private const int DefaultPort = 5000;

    /// <summary>For messages: without a password.</summary>
    public string Shown => IsBus ? $"{Uri.Scheme}://{Uri.Authority}{Uri.AbsolutePath}" : Uri.ToString().TrimEnd('/');

    public static ServerAddress Parse(string text)
    {
        var mark = text.IndexOf("://", StringComparison.Ordinal);
        if (mark < 0)
        {
            return !text.Contains('@', StringComparison.Ordinal) && Uri.TryCreate($"http://{text}/", UriKind.Absolute, out var bare) && bare.PathAndQuery == "/" && bare.Host.Length > 0
                ? new ServerAddress(bare.IsDefaultPort && !text.EndsWith(":80", StringComparison.Ordinal) ? new UriBuilder(bare) { Port = DefaultPort }.Uri : bare, false)
                : throw Bad(text);
        }

        var scheme = text[..mark].ToLowerInvariant();
        if (scheme is not ("http" or "https" or "amqp" or "amqps") || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
            throw Bad(text);
        if (scheme.StartsWith("amqp", StringComparison.Ordinal)) return new ServerAddress(uri, true);
        // It would be shown with the address, and no server of ours asks for it.
        if (uri.UserInfo.Length > 0) throw new UsageException($"the address {scheme}://{uri.Authority} is given with a user or password, which the API doesn't take", "Leave it out; the token is given by --token-file, SCITQ_TOKEN_FILE or SCITQ_TOKEN.");
        return new ServerAddress(new Uri(uri.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"), false);
    }

    private static UsageException Bad(string text) =>
        new($"'{(text.LastIndexOf('@') is >= 0 and var at ? "…" + text[at..] : text)}' is not a server address: give host, host:port, http(s)://… or amqp(s)://…");
}
