using Microsoft.Extensions.Hosting;

namespace Scitq.Tests.Unit.Agent;

/// <summary>The life of a program that an agent may ask to end.</summary>
internal sealed class LifetimeInTest : IHostApplicationLifetime
{
    private volatile bool _stopped;

    public bool Stopped => _stopped;

    public CancellationToken ApplicationStarted => CancellationToken.None;

    public CancellationToken ApplicationStopping => CancellationToken.None;

    public CancellationToken ApplicationStopped => CancellationToken.None;

    public void StopApplication() => _stopped = true;
}
