using Microsoft.Extensions.Logging;
using Scitq.Agent.Files;
using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Workers;

/// <summary>Looks what this machine can run, and warns of what is dangerous in it.</summary>
internal sealed partial class RuntimeStart(RuntimeSet runtimes, AgentOptions options, ILogger<RuntimeStart> logger)
{
    private const string Shared = "/data";

    public async Task PrepareAsync(CancellationToken ct)
    {
        await runtimes.PrepareAsync(ct);
        // Where all options of docker are allowed, whoever submits is root anyway.
        if (options.DockerOptions != "restricted" || runtimes.DockerVersion is null) return;
        if (Directory.Exists(Shared) && !MountFlags.IsNoSuid(Shared)) Log.SharedDataSuid(logger, Shared);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message =
            "Containers of this restricted worker can leave set-uid programs of root in {Directory}: mount its file system with nosuid,nodev")]
        public static partial void SharedDataSuid(ILogger logger, string directory);
    }
}
