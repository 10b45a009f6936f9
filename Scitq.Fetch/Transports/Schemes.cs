using Scitq.Contracts;

namespace Scitq.Fetch.Transports;

/// <summary>Which transport serves a URI.</summary>
internal sealed class Schemes(FetchOptions options) : IDisposable
{
    private readonly Dictionary<string, ITransport> _transports = new()
    {
        ["file"] = new FileTransport(options),
    };

    public ITransport For(DataUri uri) => _transports.TryGetValue(uri.Scheme, out var transport)
        ? transport
        : throw new UnsupportedTransferException($"{Redacted.Of(uri)}: {uri.Scheme}:// is not supported (supported: {string.Join(", ", _transports.Keys)}).");

    public void Dispose()
    {
        foreach (var transport in _transports.Values.OfType<IDisposable>())
            transport.Dispose();
    }
}
