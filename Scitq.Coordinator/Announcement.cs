using System.Net;
using Scitq.Contracts;

namespace Scitq.Coordinator;

/// <summary>
/// Tells where the coordinator listens, and, to the tools of its own account, where its token is; the token first, because whoever
/// reads the address may use it at once. Takes the latter back at the end.
/// </summary>
internal sealed class Announcement : IDisposable
{
    private readonly List<string> _pointers = [];

    public Announcement(ICollection<string> urls, string? ownTokenFile)
    {
        if (ownTokenFile is not null) Point(urls, ownTokenFile);
        foreach (var url in urls) Console.Out.WriteLine($"Listening on {url}");
        if (ownTokenFile is not null) Console.Out.WriteLine($"The token of the API is in {ownTokenFile}; the tools of this account find it by themselves.");
    }

    public void Dispose() => _pointers.ForEach(ServerPointer.Remove);

    private void Point(ICollection<string> urls, string tokenFile)
    {
        try
        {
            foreach (var address in urls.SelectMany(Addresses)) _pointers.Add(ServerPointer.Write(address, tokenFile, Environment.GetEnvironmentVariable));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"The tools can't find the token by themselves ({e.Message}): give them SCITQ_TOKEN_FILE={tokenFile}.");
        }
    }

    /// <summary>The addresses behind a URL; <c>localhost</c> is two.</summary>
    private static IEnumerable<IPEndPoint> Addresses(string url)
    {
        var uri = new Uri(url);
        return IPAddress.TryParse(uri.DnsSafeHost, out var address)
            ? [new IPEndPoint(address, uri.Port)]
            : [new IPEndPoint(IPAddress.Loopback, uri.Port), new IPEndPoint(IPAddress.IPv6Loopback, uri.Port)];
    }
}
