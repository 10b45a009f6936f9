using Scitq.Contracts;

namespace Scitq.Fetch.Ftp;

/// <summary>Where and as whom: <c>[user[:password]@]host[:port]/path</c>. The path is taken byte for byte.</summary>
internal sealed record FtpAddress(string Host, int Port, FtpTls Tls, string User, string Password, string Path)
{
    private const int DefaultPort = 21;
    private const int ImplicitPort = 990;

    public static FtpAddress Of(DataUri uri)
    {
        var slash = uri.Path.IndexOf('/', StringComparison.Ordinal);
        var authority = slash < 0 ? uri.Path : uri.Path[..slash];
        var path = slash < 0 ? "/" : uri.Path[slash..];
        var at = authority.LastIndexOf('@');
        var user = at < 0 ? null : authority[..at].Split(':', 2);
        if (path.AsSpan().ContainsAny('\r', '\n') || !Uri.TryCreate($"ftp://{authority[(at + 1)..]}/", UriKind.Absolute, out var host) || host.Host.Length == 0)
            throw new BadUriException($"{Redacted.Of(uri)} is malformed: it has no valid host or port, or a line break.");
        var (name, password) = user is null
            ? ("anonymous", "scitq@")
            : (Uri.UnescapeDataString(user[0]), user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "");
        if ((name + password).AsSpan().ContainsAny('\r', '\n'))
            throw new BadUriException($"{Redacted.Of(uri)} is malformed: its user or password holds a line break.");
        var tls = uri.Scheme switch { "ftps" => FtpTls.Implicit, "ftpes" => FtpTls.First, _ => FtpTls.WhenAsked };
        var namesPort = authority.LastIndexOf(':') > Math.Max(at, authority.LastIndexOf(']'));
        return new FtpAddress(host.IdnHost, namesPort ? host.Port : tls == FtpTls.Implicit ? ImplicitPort : DefaultPort, tls, name, password, path);
    }

    /// <summary>Not the password: what is printed by mistake should not hold it.</summary>
    public override string ToString() => $"{User}@{Host}:{Port}";
}
