using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Scitq.Coordinator;
using Scitq.Coordinator.Bus;
using Scitq.Coordinator.Tasks;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>The host stops its services one after the other, the last that was registered first.</summary>
[Trait("Level", "Unit")]
public sealed class StopOrderTests
{
    [Theory(Timeout = 60_000)]
    [InlineData(null), InlineData("amqp://guest:guest@127.0.0.1:1/")]
    public async Task The_bus_stops_before_the_parts_that_save_and_send_what_its_last_messages_change(string? broker)
    {
        using var folder = new TestFolder();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Coordinator:Data", folder.Path), new("Coordinator:Bus", broker)]).Build();
        await using var app = CoordinatorHost.Build(configuration);
        var services = app.Services.GetServices<IHostedService>().ToList();
        var bus = services.FindIndex(s => s.GetType().Namespace!.StartsWith(nameof(MassTransit), StringComparison.Ordinal));
        Assert.InRange(services.FindIndex(s => s is GroupCommit), 0, bus);
        Assert.InRange(services.FindIndex(s => s is Dispatcher), 0, bus);
    }
}
