using System.Security.Cryptography.X509Certificates;

namespace Scitq.Fetch;

/// <summary>How certain FTP servers are reached.</summary>
public sealed class FtpOptions
{
    /// <summary>Their names, with <c>*</c> and <c>?</c>; empty: all.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Whether <c>ftp://</c> is secured before anything is said there, as <c>ftpes://</c> is everywhere.</summary>
    public bool Tls { get; init; }

    /// <summary>The authorities that may have issued their certificates; null: those that the machine trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }
}
