using System.Net;
using Npgsql;

namespace Scitq.Coordinator.Persistence;

/// <summary>Whether the way to PostgreSQL protects the password and what is stored, as far as the connection string tells.</summary>
internal static class DatabaseSafety
{
    private const string Advice = "say 'SSL Mode=VerifyFull;Root Certificate=FILE' in --database, or 'SSL Mode=Disable' if the network is yours alone";

    /// <summary>What is to be said of it; null when it is safe, on this machine, or plain because somebody said so.</summary>
    public static string? Warning(string connection)
    {
        var settings = new NpgsqlConnectionStringBuilder(connection);
        var elsewhere = (settings.Host ?? "").Split(',', StringSplitOptions.TrimEntries).FirstOrDefault(h => !IsHere(h));
        if (elsewhere is null) return null;
        return settings.SslMode switch
        {
            SslMode.Prefer or SslMode.Allow =>
                $"the connection to PostgreSQL at {elsewhere} is plain if the server offers no TLS, and its certificate is not checked: {Advice}",
            SslMode.Require => $"the certificate of PostgreSQL at {elsewhere} is not checked, so anybody between may be the server: {Advice}",
            _ => null,
        };
    }

    private static bool IsHere(string host)
    {
        // A path or an abstract name is a socket of this machine.
        if (host.Length == 0 || host[0] is '/' or '@' || host == "localhost") return true;
        var name = host[0] == '[' && host.IndexOf(']', StringComparison.Ordinal) is var end and > 0 ? host[1..end] : host;
        if (!IPAddress.TryParse(name, out var address) && name.LastIndexOf(':') is var colon and > 0) return IsHere(name[..colon]);
        return address is not null && IPAddress.IsLoopback(address);
    }
}
