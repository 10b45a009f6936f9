using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Disk;
using Scitq.Fetch;

namespace Scitq.Agent.Staging;

/// <summary>Staging: what brings data in and output out.</summary>
internal static class StagingRegistration
{
    public static IServiceCollection AddStaging(this IServiceCollection services) => services
        .AddSingleton<TransferNotices>()
        .AddSingleton(s => Transfers(Options(s), s.GetRequiredService<TransferNotices>()))
        .AddSingleton<AccountFetchers>()
        .AddSingleton(s => new Fetcher(s.GetRequiredService<FetchOptions>(), s.GetRequiredService<TimeProvider>()))
        .AddSingleton(s => new ResourceCache(
            s.GetRequiredService<Fetcher>(), s.GetRequiredService<DiskRoom>(), Path.Combine(Options(s).WorkDir, "resources"),
            s.GetRequiredService<IResourceUsers>(), s.GetRequiredService<Leftovers>(),
            s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<ResourceCache>>()))
        .AddSingleton<Stager>()
        .AddSingleton(s => new OutputProbe(s.GetRequiredService<Fetcher>(), Options(s).WorkDir, s.GetRequiredService<TimeProvider>())
        {
            FileRoots = Options(s).EffectiveFileRoots,
        });

    private static AgentOptions Options(IServiceProvider services) => services.GetRequiredService<AgentOptions>();

    private static FetchOptions Transfers(AgentOptions options, TransferNotices notices) => new()
    {
        FileRoots = options.EffectiveFileRoots,
        Umask = options.TaskUmask,
        PublicAddressesOnly = options.OnlyPublicAddresses,
        Storage = options.Storage,
        Attempts = options.TransferAttempts,
        IdleTimeout = options.TransferIdle,
        Notice = notices.Tell,
    };
}
