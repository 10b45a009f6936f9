using Scitq.Contracts;

namespace Scitq.Fetch.Transports;

/// <summary>Blobs by the URL that Azure itself shows for them.</summary>
internal static class AzureUrl
{
    private const string Domain = ".blob.core.windows.net/";

    /// <summary>
    /// <c>https://ACCOUNT.blob.core.windows.net/container/blob</c> as <c>azure://container/blob</c>, if that is the account we have credentials for.
    /// With a signature in its query, or of another account, it stays the web page that it also is.
    /// </summary>
    public static DataUri AsBlob(DataUri uri, AzureOptions options)
    {
        if (uri.Scheme != "https" || uri.Options.Length > 0 || uri.Path.Contains('?', StringComparison.Ordinal)
            || uri.Path.Contains('#', StringComparison.Ordinal)) return uri;
        var host = uri.Path.IndexOf(Domain, StringComparison.OrdinalIgnoreCase);
        if (host <= 0 || !string.Equals(uri.Path[..host], AzureClient.AccountOf(options), StringComparison.OrdinalIgnoreCase)) return uri;
        // In a URL names are percent-encoded, in azure:// they are as they are.
        var path = Uri.UnescapeDataString(uri.Path[(host + Domain.Length)..]);
        var action = uri.Action is null ? "" : uri.Text[uri.Text.IndexOf('|', StringComparison.Ordinal)..];
        return path.Contains('|', StringComparison.Ordinal) || !DataUri.TryParse($"azure://{path}{action}", out var blob, out _) ? uri : blob;
    }
}
