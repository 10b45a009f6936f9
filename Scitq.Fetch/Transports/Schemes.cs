using Scitq.Contracts;
using Scitq.Fetch.Http;
using Scitq.Fetch.Runs;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

/// <summary>Which transport serves a URI.</summary>
internal sealed class Schemes : IDisposable
{
    private readonly Web _web;
    private readonly Dictionary<string, ITransport> _transports;

    public Schemes(Services services)
    {
        _web = new Web(services.Options);
        var http = new HttpTransport(_web, services);
        var ftp = new FtpTransport(services);
        _transports = new Dictionary<string, ITransport>
        {
            ["file"] = new FileTransport(services.Options),
            ["s3"] = new S3Transport(services),
            ["azure"] = new AzureTransport(services),
            ["ftp"] = ftp,
            ["ftps"] = ftp,
            ["ftpes"] = ftp,
            ["http"] = http,
            ["https"] = http,
            ["fasp"] = new FaspTransport(),
        };
        var runs = new RunTransport(services, _web, For);
        (_transports["run+fastq"], _transports["run+submitted"]) = (runs, runs);
    }

    public ITransport For(DataUri uri) => _transports.TryGetValue(uri.Scheme, out var transport)
        ? transport
        : throw new UnsupportedTransferException($"{Redacted.Of(uri)}: {uri.Scheme}:// is not supported (supported: {string.Join(", ", _transports.Keys)}).");

    public void Dispose()
    {
        foreach (var transport in _transports.Values.OfType<IDisposable>())
            transport.Dispose();
        _web.Dispose();
    }
}
