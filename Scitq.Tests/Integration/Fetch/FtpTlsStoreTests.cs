using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>All that FTP does, by TLS.</summary>
[Trait("Level", "Integration")]
public sealed class FtpTlsStoreTests(ExplicitTlsFtpServer server) : StoreContract, IClassFixture<ExplicitTlsFtpServer>
{
    protected override Task<(FetchOptions Options, DataUri Root)> OpenAsync(FetchOptions options, string local) =>
        Task.FromResult((options with { Storage = server.Storage() },
            DataUri.Parse($"ftpes://{server.Account}localhost:{server.Port}/scitq-{Guid.NewGuid():N}/a folder/")));
}
