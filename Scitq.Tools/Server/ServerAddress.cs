using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Server;

/// <summary>Where the server is: an HTTP base address, or a broker.</summary>
/// <param name="Uri">With a final slash when it is HTTP.</param>
/// <param name="IsBus">Whether it is the message bus, <c>amqp://</c> or <c>amqps://</c>.</param>
internal sealed record ServerAddress(Uri Uri, bool IsBus)
{
    private const int DefaultPort = 5000;

    /// <summary>For messages: without a password.</summary>
    public string Shown => $"{Uri.Scheme}://{Uri.Authority}{Uri.AbsolutePath}".TrimEnd('/');

    public static ServerAddress Parse(string text)
    {
        text = text.Trim();
        var mark = text.IndexOf("://", StringComparison.Ordinal);
        if (mark < 0)
        {
            return Uri.TryCreate($"http://{text}/", UriKind.Absolute, out var bare) && bare.PathAndQuery == "/" && bare.Host.Length > 0
                ? new ServerAddress(
                    WithoutUser(bare.IsDefaultPort && !text.EndsWith(":80", StringComparison.Ordinal)
                        ? new UriBuilder(bare) { Port = DefaultPort }.Uri
                        : bare), false)
                : throw Bad(text);
        }

        var scheme = text[..mark].ToLowerInvariant();
        if (scheme is not ("http" or "https" or "amqp" or "amqps") || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
            throw Bad(text);
        if (scheme.StartsWith("amqp", StringComparison.Ordinal)) return new ServerAddress(uri, true);
        return new ServerAddress(WithoutUser(new Uri(uri.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/")), false);
    }

    /// <summary>The API knows tokens only: a user in its address is of no use, and would be shown.</summary>
    private static Uri WithoutUser(Uri uri) => uri.UserInfo.Length == 0 ? uri : new UriBuilder(uri) { UserName = "", Password = "" }.Uri;

    private static UsageException Bad(string text) =>
        new($"'{(text.LastIndexOf('@') is var at and >= 0 ? "…" + text[at..] : text)}' is not a server address: give host, host:port, http(s)://… or "
            + "amqp(s)://…");
}
