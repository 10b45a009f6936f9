using RabbitMQ.Client;
using Scitq.Access.Broker;

namespace Scitq.Tests.Servers;

/// <summary>A RabbitMQ with a port of TLS that is not 5671, and wants a certificate of its clients.</summary>
public sealed class TlsBroker : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private readonly TestAuthority _authority = new();

    public RabbitMqServer Server { get; private set; } = null!;

    public int Port { get; } = TestPorts.Free();

    /// <summary>User and password, with the @.</summary>
    public string Account { get; private set; } = "";

    /// <summary>By the name that its certificate has.</summary>
    public string Address => $"amqps://{Account}localhost:{Port}";

    public string PlainAddress => $"amqps://{Account}localhost:{new Uri(Server.AmqpUri).Port}";

    public string Authority => _folder["ca.pem"];

    public string Certificate => _folder["client.pem"];

    public string Key => _folder["client.key"];

    public string OtherAuthority => _folder["other.pem"];

    public IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?>
    {
        ["SCITQ_BUS_CA"] = Authority, ["SCITQ_BUS_CERT"] = Certificate, ["SCITQ_BUS_KEY"] = Key,
    };

    public async ValueTask InitializeAsync()
    {
        _authority.Write(Authority);
        using (var other = new TestAuthority("Another authority")) other.Write(OtherAuthority);
        _authority.Issue("localhost", _folder["server.pem"], _folder["server.key"]);
        _authority.Issue("tls-client", Certificate, Key);
        Server = await RabbitMqServer.StartPrivateAsync(
            $"listeners.ssl.local = 127.0.0.1:{Port}", $"ssl_options.cacertfile = {Authority}", $"ssl_options.certfile = {_folder["server.pem"]}",
            $"ssl_options.keyfile = {_folder["server.key"]}", "ssl_options.verify = verify_peer", "ssl_options.fail_if_no_peer_cert = true");
        Account = new Uri(Server.AmqpUri).UserInfo + "@";
    }

    public BrokerSettings Settings(string? address = null, string? authority = null) =>
        BrokerSettings.Read(address ?? Address, authority ?? Authority, Certificate, Key);

    /// <summary>Why no connection can be made.</summary>
    public static async Task<string> RefusalAsync(BrokerSettings broker)
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var connection = await broker.Factory("test").CreateConnectionAsync();
            await using var channel = await connection.CreateChannelAsync();
        });
        return BrokerFailure.Reason(failure, broker);
    }

    /// <summary>From here on its certificate is one of yesterday, or the good one again.</summary>
    public Task ExpireAsync(bool expired = true)
    {
        _authority.Issue("localhost", _folder["server.pem"], _folder["server.key"], expired);
        return Server.ControlAsync("eval", "ssl:clear_pem_cache().");
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _authority.Dispose();
        _folder.Dispose();
    }
}
