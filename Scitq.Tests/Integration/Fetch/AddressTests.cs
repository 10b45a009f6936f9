using System.Net;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Fetch.Http;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>Where only public addresses may be connected to.</summary>
[Trait("Level", "Integration")]
public sealed class AddressTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private HttpServer _server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private int Port => new Uri(_server.Root).Port;

    public async ValueTask InitializeAsync()
    {
        _server = await HttpServer.StartAsync();
        _server.Files["/x"] = "secret"u8.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("192.0.0.8")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:a9fe:a9fe")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("100::1")]
    [InlineData("2001::1")]
    [InlineData("2001:db8::1")]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2002:a9fe:a9fe::")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    public void An_internal_address_is_not_public(string address) => Assert.False(Connections.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("193.62.193.83")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::808:808")]
    [InlineData("2002:808:808::1")]
    [InlineData("2600:1f18::1")]
    [InlineData("2001:4860:4860::8888")]
    public void Any_other_is(string address) => Assert.True(Connections.IsPublic(IPAddress.Parse(address)));

    [Theory(Timeout = 30_000)]
    [InlineData("http://127.0.0.1:PORT/x")]
    [InlineData("http://localhost:PORT/x")]
    [InlineData("http://2130706433:PORT/x")]
    [InlineData("http://0x7f000001:PORT/x")]
    [InlineData("http://0177.0.0.1:PORT/x")]
    [InlineData("http://127.1:PORT/x")]
    [InlineData("http://0:PORT/x")]
    [InlineData("http://[::1]:PORT/x")]
    [InlineData("http://[::ffff:127.0.0.1]:PORT/x")]
    [InlineData("http://[::ffff:7f00:1]:PORT/x")]
    [InlineData("http://user:password@127.0.0.1:PORT/x")]
    [InlineData("https://127.0.0.1:PORT/x")]
    [InlineData("ftp://127.0.0.1:PORT/x")]
    [InlineData("ftps://127.0.0.1:PORT/x")]
    [InlineData("ftpes://127.0.0.1:PORT/x")]
    [InlineData("ftp://2130706433:PORT/x")]
    [InlineData("ftp://[::ffff:127.0.0.1]:PORT/x")]
    [InlineData("ftp://127.0.0.1:PORT/x/")]
    [InlineData("http@aria2://127.0.0.1:PORT/x")]
    [InlineData("ftp@aria2://127.0.0.1:PORT/x")]
    [InlineData("fasp://user@127.0.0.1:/x")]
    public async Task No_way_of_writing_an_internal_address_leads_there(string uri)
    {
        using var fetcher = new Fetcher(
            new FetchOptions { PublicAddressesOnly = true, Programs = new ProgramOptions { Ascp = "/bin/true", Aria2c = "/bin/true" } });
        var place = DataUri.Parse(uri.Replace("PORT", $"{Port}", StringComparison.Ordinal));
        var error = await Assert.ThrowsAsync<AccessDeniedException>(() => fetcher.GetAsync(place, _folder["out"], ct: Ct));
        Assert.Contains("public", error.Message, StringComparison.Ordinal);
        if (place.CanReceive)
        {
            await File.WriteAllTextAsync(_folder["file"], "x", Ct);
            await Assert.ThrowsAsync<AccessDeniedException>(() => fetcher.PutAsync(_folder["file"], place, ct: Ct));
        }

        Assert.Empty(_server.Requests);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_redirect_leads_to_no_internal_address_either()
    {
        await using var inner = await HttpServer.StartAsync();
        inner.Files["/x"] = "secret"u8.ToArray();
        var internalAddress = $"http://localhost:{new Uri(inner.Root).Port}/x";
        _server.Fault = context =>
        {
            if (context.Request.Path != "/away") return Task.FromResult(false);
            context.Response.Redirect(internalAddress);
            return Task.FromResult(true);
        };
        var asked = new List<IPAddress>();
        // The first address is public as far as this fetcher knows; by the time of the redirect it no longer is, as with a name that changes its address.
        using var fetcher = new Fetcher(new FetchOptions { PublicAddressesOnly = true, IsPublic = Once });
        await Assert.ThrowsAsync<AccessDeniedException>(() => fetcher.GetAsync(DataUri.Parse(_server.Root + "/away"), _folder["out"], ct: Ct));
        Assert.Contains(IPAddress.Loopback, asked);
        Assert.Empty(inner.Requests);
        // And nothing is wrong with the redirect.
        using var any = new Fetcher();
        Assert.Equal(6, (await any.GetAsync(DataUri.Parse(_server.Root + "/away"), _folder["out"], ct: Ct)).Bytes);

        bool Once(IPAddress address)
        {
            asked.Add(address);
            return asked.Count == 1;
        }
    }
}
