using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Scitq.Access.Broker;

namespace Scitq.Tests.Unit;

/// <summary>What is told of a broker that can't be reached, and what is not.</summary>
[Trait("Level", "Unit")]
public sealed class ConnectionKeeperTests
{
    [Fact(Timeout = 30_000)]
    public async Task A_program_that_stops_while_it_connects_tells_nothing_of_the_broker()
    {
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        var told = new ConcurrentQueue<string>();
        await using var connections = new BrokerConnections(
            BrokerSettings.Read($"amqp://u:p@127.0.0.1:{((IPEndPoint)deaf.LocalEndpoint).Port}"), "test", TimeProvider.System);
        var keeper = new ConnectionKeeper(connections.For("test"), TimeSpan.FromSeconds(1), TimeProvider.System)
        {
            Away = (why, _) => told.Enqueue(why),
            Back = _ => { },
        };
        keeper.Start();
        using var asked = await deaf.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await keeper.DisposeAsync();
        Assert.Empty(told);
    }
}
