using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Agent.Workers;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Runtimes;

/// <summary>What a machine's <c>nvidia-smi</c> says, as far as that can be had without one.</summary>
[Trait("Level", "Integration")]
public sealed class GpuTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task Each_card_is_named() =>
        Assert.Equal(["NVIDIA A100-SXM4-80GB", "NVIDIA A100-SXM4-80GB"], await FindAsync("""[ "$*" = "--query-gpu=name --format=csv,noheader" ] && printf 'NVIDIA A100-SXM4-80GB\nNVIDIA A100-SXM4-80GB\n'"""));

    [Fact(Timeout = 60_000)]
    public async Task A_tool_that_fails_names_none() =>
        Assert.Empty(await FindAsync("echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18"));

    [Fact(Timeout = 60_000)]
    public async Task A_machine_without_the_tool_has_none() =>
        Assert.Empty(await Gpus.FindAsync(_folder["nowhere"], NullLogger.Instance, TestContext.Current.CancellationToken));

    private async Task<IReadOnlyList<string>> FindAsync(string script)
    {
        // Written by a process that has closed it: while this one forks elsewhere, a file it has just written may be busy.
        using (var sh = System.Diagnostics.Process.Start("/bin/sh", ["-c", "printf '#!/bin/sh\\n%s\\n' \"$2\" >\"$1\" && chmod +x \"$1\"", "sh", _folder["tool"], script]))
            await sh.WaitForExitAsync(TestContext.Current.CancellationToken);
        return await Gpus.FindAsync(_folder["tool"], NullLogger.Instance, TestContext.Current.CancellationToken);
    }
}
