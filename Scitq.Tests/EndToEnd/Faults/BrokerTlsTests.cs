using System.Text;
using Scitq.Access.Broker;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>What amqps:// promises, against a real broker.</summary>
[Trait("Level", "EndToEnd")]
public sealed class BrokerTlsTests(TlsBroker broker) : IClassFixture<TlsBroker>
{
    private const int Limit = 180_000;

    [Fact(Timeout = Limit)]
    public async Task Every_connection_of_every_program_is_TLS_on_whatever_port()
    {
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { Broker = broker.Server, Bus = broker.Address, Environment = broker.Environment });
        await cluster.StartAgentAsync("a");
        await using var launch = ProcessUnderTest.Start(
            "scitq-launch", ["-q", "-b", cluster.Batch, "-e", $"LEDGER={cluster.LedgerFile}", "-n", "secret", "sh", "-c", "echo secret 1 >>$LEDGER"],
            new Dictionary<string, string?>(broker.Environment) { ["SCITQ_SERVER"] = broker.Address });
        Assert.Equal(0, await launch.WaitForExitAsync());
        await cluster.WaitForStartAsync("secret");

        var connections = (await broker.Server.ControlAsync("-q", "list_connections", "ssl")).Where(l => l is "true" or "false").ToList();
        Assert.True(connections.Count >= 7, $"{connections.Count} connections");
        Assert.All(connections, c => Assert.Equal("true", c));
    }

    [Fact(Timeout = Limit)]
    public async Task A_broker_that_can_not_prove_who_it_is_is_refused_with_the_reason()
    {
        Assert.Contains("'CN=Scitq test authority', which is not in --bus-ca", await TlsBroker.RefusalAsync(broker.Settings(authority: broker.OtherAuthority)));
        Assert.Contains("which this machine does not trust", await TlsBroker.RefusalAsync(BrokerSettings.Read(broker.Address)));
        Assert.Contains("is for 'localhost', not for '127.0.0.1'",
            await TlsBroker.RefusalAsync(broker.Settings($"amqps://{broker.Account}127.0.0.1:{broker.Port}")));
        Assert.Contains("no TLS is spoken at port", await TlsBroker.RefusalAsync(broker.Settings(broker.PlainAddress)));
        Assert.Contains("--bus-cert", await TlsBroker.RefusalAsync(BrokerSettings.Read(broker.Address, broker.Authority)));
        Assert.Contains("must begin with amqps://",
            await TlsBroker.RefusalAsync(BrokerSettings.Read(broker.Address.Replace("amqps", "amqp", StringComparison.Ordinal))));

        await broker.ExpireAsync();
        Assert.Contains("is valid from", await TlsBroker.RefusalAsync(broker.Settings()));
        await broker.ExpireAsync(expired: false);
        await using var connection = await broker.Settings().Factory("test").CreateConnectionAsync(TestContext.Current.CancellationToken);
        Assert.True(connection.IsOpen);
    }

    [Theory(Timeout = Limit)]
    [InlineData("scitq-agent")]
    [InlineData("scitq-coordinator")]
    [InlineData("scitq-launch")]
    public async Task A_program_sends_nothing_to_a_broker_it_does_not_trust_and_says_why_once(string program)
    {
        using var folder = new TestFolder();
        var environment = new Dictionary<string, string?>(broker.Environment)
            { ["SCITQ_BUS"] = broker.Address, ["SCITQ_SERVER"] = broker.Address, ["SCITQ_BUS_CA"] = broker.OtherAuthority };
        string[] arguments = program switch
        {
            "scitq-agent" => ["--name", "untrusting", "--work-dir", folder["work"]],
            "scitq-coordinator" => ["--port", "0", "--data", folder["data"]],
            _ => ["--timeout", "10", "true"],
        };
        await using var process = ProcessUnderTest.Start(program, arguments, environment);
        await process.WaitForLineAsync("issued by 'CN=Scitq test authority', which is not in --bus-ca");
        if (program == "scitq-launch") Assert.Equal(5, await process.WaitForExitAsync());
        // a few tries, of which only the first is told: no line says that they were made
        else await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);

        Assert.Single(process.Lines, l => l.Contains("issued by", StringComparison.Ordinal));
        Assert.DoesNotContain(process.Lines, l => l.Contains("is registered", StringComparison.Ordinal) || l.Contains("Task queued", StringComparison.Ordinal));
        Assert.DoesNotContain(broker.Account.TrimEnd('@').Split(':')[1], process.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Nothing_is_said_to_a_plain_listener_but_the_beginning_of_TLS()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var address = $"amqps://scitq:hunter2@localhost:{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}";
        var refusal = TlsBroker.RefusalAsync(BrokerSettings.Read(address));
        using var peer = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        var heard = new byte[4096];
        var count = await peer.ReceiveAsync(heard, TestContext.Current.CancellationToken);
        await peer.SendAsync("AMQP\0\0\x09\x01"u8.ToArray(), TestContext.Current.CancellationToken);
        peer.Close();

        await refusal;
        Assert.Equal(0x16, heard[0]);       // a TLS handshake
        Assert.DoesNotContain("hunter2", Encoding.ASCII.GetString(heard, 0, count), StringComparison.Ordinal);
    }
}
