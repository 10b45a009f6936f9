using System.Text.RegularExpressions;
using Scitq.Contracts;

namespace Scitq.Fetch.Transports;

/// <summary><c>fasp://user@host:path</c>: files of Aspera servers, fetched by ascp. It cannot ask for anything but the file itself.</summary>
internal sealed partial class FaspTransport : ITransport
{
    public TransportCapabilities Can => TransportCapabilities.Get;

    public string NameOf(DataUri uri) => uri.Path[(uri.Path.LastIndexOfAny(['/', ':']) + 1)..];

    public DataEntry Unasked(DataUri uri)
    {
        _ = Source(uri);
        return new DataEntry { Uri = uri, Name = NameOf(uri), Size = null };
    }

    public Task<DataEntry?> StatAsync(DataUri uri, CancellationToken ct) =>
        throw new UnsupportedTransferException($"{Redacted.Of(uri)}: ascp cannot look at a file without fetching it.");

    public Task<Stream> OpenAsync(DataEntry entry, long offset, long? length, CancellationToken ct) =>
        throw new UnsupportedTransferException($"{Redacted.Of(entry.Uri)}: ascp fetches to a directory only.");

    /// <summary>The source in the form that ascp takes.</summary>
    /// <exception cref="BadUriException">It is malformed, or holds a password.</exception>
    public static string Source(DataUri uri)
    {
        var match = Place().Match(uri.Path);
        if (!match.Success) throw new BadUriException($"{Redacted.Of(uri)} is malformed: it has to be fasp://user@host:path.");
        return match.Groups["password"].Success
            ? throw new BadUriException($"{Redacted.Of(uri)}: a password does not belong there, other users could see it; set ASPERA_SCP_PASS.")
            : uri.Path;
    }

    // A word that begins with a letter or digit is never taken for an option.
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]*(?<password>:[^@]*)?@[A-Za-z0-9][A-Za-z0-9.-]*:[^\x00-\x1f\x7f]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Place();
}
