using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Scitq.Hosting;

/// <summary>Starts hosts that may be told to stop before they have started.</summary>
public static class HostStart
{
    /// <summary>Starts it; gives false when a signal or a refusal came meanwhile: then it has stopped, in order.</summary>
    public static async Task<bool> HasStartedAsync(this IHost host)
    {
        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        try
        {
            await host.StartAsync();
            return true;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await host.StopAsync();
            return false;
        }
    }
}
