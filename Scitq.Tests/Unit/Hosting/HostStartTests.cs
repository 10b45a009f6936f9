using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Scitq.Hosting;

namespace Scitq.Tests.Unit.Hosting;

/// <summary>A service that is told to stop while it starts.</summary>
[Trait("Level", "Unit")]
public sealed class HostStartTests
{
    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_stops_in_order_instead_of_failing(bool toldToStop)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var first = new First();
        builder.Services.AddSingleton<IHostedService>(first);
        builder.Services.AddSingleton<IHostedService>(services => new Second(services.GetRequiredService<IHostApplicationLifetime>(), toldToStop));
        using var host = builder.Build();
        Assert.Equal(!toldToStop, await host.HasStartedAsync());
        Assert.Equal(toldToStop, first.HasStopped);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cancellation_of_its_own_is_a_failure()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IHostedService>(new Cancelled());
        using var host = builder.Build();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(host.HasStartedAsync);
    }

    private sealed class First : IHostedService
    {
        public bool HasStopped { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            HasStopped = true;
            return Task.CompletedTask;
        }
    }

    private sealed class Second(IHostApplicationLifetime lifetime, bool tellsToStop) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            if (tellsToStop) lifetime.StopApplication();
            cancellationToken.ThrowIfCancellationRequested();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Cancelled : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.FromException(new TaskCanceledException());

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
