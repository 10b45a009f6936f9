using System.Diagnostics.CodeAnalysis;

namespace Scitq.Access.Broker;

/// <summary>Where a broker is and as whom to come there: <c>amqp://user:password@host:port/vhost</c>, or <c>amqps://</c> for TLS.</summary>
public sealed class BrokerAddress
{
    private const int PlainPort = 5672, TlsPort = 5671;

    private BrokerAddress(Uri uri)
    {
        IsSecure = uri.Scheme == "amqps";
        Host = uri.DnsSafeHost;
        Port = uri.Port > 0 ? uri.Port : IsSecure ? TlsPort : PlainPort;
        VirtualHost = uri.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(uri.AbsolutePath[1..]) : "/";
        if (uri.UserInfo.Length == 0) return;
        var colon = uri.UserInfo.IndexOf(':', StringComparison.Ordinal);
        HasUser = true;
        User = Uri.UnescapeDataString(colon < 0 ? uri.UserInfo : uri.UserInfo[..colon]);
        Password = colon < 0 ? "" : Uri.UnescapeDataString(uri.UserInfo[(colon + 1)..]);
    }

    /// <summary>Whether the connection is to be TLS: the scheme says so, never the port.</summary>
    public bool IsSecure { get; }

    /// <summary>The broker's name or address; one of IPv6 has no brackets here.</summary>
    public string Host { get; }

    /// <summary>5672, with TLS 5671, if none is given.</summary>
    public int Port { get; }

    /// <summary>Decoded; <c>/</c> if none is given.</summary>
    public string VirtualHost { get; }

    /// <summary>Whether the address names a user.</summary>
    public bool HasUser { get; }

    /// <summary>RabbitMQ's own <c>guest</c> if none is given.</summary>
    public string User { get; } = "guest";

    internal string Password { get; } = "guest";

    /// <summary>Reads an address; the problem is for its user, and repeats nothing of what may be a password.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out BrokerAddress? address, [NotNullWhen(false)] out string? problem)
    {
        (address, problem) = (null, null);
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps") || uri.Host.Length == 0)
            problem = "is not an address of the form amqp://user:password@host:5672/vhost "
                + "(a password's own '@', ':', '/', '#' and '%' as %40, %3A, %2F, %23, %25)";
        else if (uri.AbsolutePath.Length > 1 && uri.AbsolutePath.IndexOf('/', 1) > 0)
            problem = "names a virtual host with a '/', which must be written as %2F";
        else address = new BrokerAddress(uri);
        return address is not null;
    }

    /// <summary>The address as it is shown to people, without the password.</summary>
    public override string ToString()
    {
        var host = Host.Contains(':') ? $"[{Host}]" : Host;
        return $"{(IsSecure ? "amqps" : "amqp")}://{(HasUser ? Uri.EscapeDataString(User) + "@" : "")}{host}:{Port}"
            + (VirtualHost == "/" ? "" : "/" + Uri.EscapeDataString(VirtualHost));
    }
}
