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
            return Uri.TryCreate($"http://{text}/", UriKind.Absolute, out var bare) && bare.PathAndQuery == "/" && bare.Host.Length > 0
                ? new ServerAddress(bare.IsDefaultPort && !text.EndsWith(":80", StringComparison.Ordinal) ? new UriBuilder(bare) { Port = DefaultPort }.Uri : bare, false)
                : throw Bad(text);
        }

        var scheme = text[..mark].ToLowerInvariant();
        if (scheme is not ("http" or "https" or "amqp" or "amqps") || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
            throw Bad(mark > 0 && text.Contains('@') ? scheme + "://…" : text);
        if (scheme.StartsWith("amqp", StringComparison.Ordinal)) return new ServerAddress(uri, true);
        return new ServerAddress(new Uri(uri.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"), false);
    }

    private static UsageException Bad(string text) =>
        new($"'{text}' is not a server address: give host, host:port, http(s)://… or amqp(s)://…");
}
