using System.Net;

namespace Scitq.Fetch.Ftp;

/// <summary>
/// The host's name as one TLS connection writes it. Servers such as vsftpd and ProFTPD take a data connection only if it resumes the session of its own control
/// connection, and .NET keeps one session for each spelling of a name. So of several connections to a host at a time, all but the first vary the
/// case of its letters, which means nothing to who checks a certificate or looks up a name.
/// </summary>
internal sealed class SessionName : IDisposable
{
    private static readonly Lock Guard = new();
    private static readonly HashSet<string> Used = new(StringComparer.Ordinal);

    private bool _taken;

    private SessionName(string text, bool taken = false) => (Text, _taken) = (text, taken);

    public string Text { get; }

    /// <summary>
    /// A spelling that no other connection uses now. A session is not resumed for an address in numbers, nor beyond as many connections as there are
    /// spellings.
    /// </summary>
    public static SessionName Of(string host)
    {
        if (IPAddress.TryParse(host, out _)) return new SessionName(host);
        var letters = Math.Min(host.Count(char.IsAsciiLetter), 16);
        lock (Guard)
        {
            for (var variant = 0; variant < 1 << letters; variant++)
                if (Spelled(host, variant) is var text && Used.Add(text)) return new SessionName(text, taken: true);
        }

        return new SessionName(host);
    }

    public void Dispose()
    {
        lock (Guard)
        {
            if (_taken) Used.Remove(Text);
            _taken = false;
        }
    }

    private static string Spelled(string host, int variant)
    {
        var letters = host.ToCharArray();
        for (var i = 0; variant > 0; i++)
        {
            if (!char.IsAsciiLetter(letters[i])) continue;
            if ((variant & 1) != 0) letters[i] ^= ' ';
            variant >>= 1;
        }

        return new string(letters);
    }
}
