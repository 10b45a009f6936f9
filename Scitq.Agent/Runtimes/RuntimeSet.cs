using Scitq.Agent.Runtimes.Docker;
using Scitq.Agent.Runtimes.Native;
using Scitq.Contracts;

namespace Scitq.Agent.Runtimes;

/// <summary>The runtimes of this agent, and which of them runs what.</summary>
internal sealed class RuntimeSet(
    IRuntime? native, IRuntime? docker, bool commandsRun = true, TaskAccounts? accounts = null, bool nativeTasks = true) : IRootRemoval
{
    // The agent does not start before the engine has answered, or has not for so long.
    private static readonly TimeSpan EnginePatience = TimeSpan.FromSeconds(30);

    /// <summary>Version of the container engine, once it was looked for; null where there is none.</summary>
    public string? DockerVersion { get; private set; }

    /// <summary>The names of the GPUs, once they were looked for.</summary>
    public IReadOnlyList<string> Gpus { get; private set; } = [];

    /// <summary>Whether anything really runs, and so needs directories and writes its streams.</summary>
    public bool CommandsRun => commandsRun;

    /// <exception cref="StartException">There is no runtime for it here.</exception>
    public IRuntime For(TaskSpec spec) => nativeTasks || spec.Image is not null || !commandsRun
        ? OfEarlier(spec)
        : throw new StartException(FailureClass.Start, "this worker runs only tasks with a docker image (-d)");

    /// <summary>The runtime that an earlier process of this agent ran the task with; that process may have been allowed more.</summary>
    /// <exception cref="StartException">There is no runtime for it here.</exception>
    public IRuntime OfEarlier(TaskSpec spec) => spec.Image is null || !commandsRun
        ? native ?? throw new StartException(FailureClass.Start, "this worker runs only tasks with a docker image (-d)")
        : docker ?? throw new StartException(FailureClass.Start, $"the task wants the image '{spec.Image}', but this worker has no container engine");

    /// <summary>Of a task that names no account and no image.</summary>
    public Ownership UsualOwner => Accounts.Usual == Posix.geteuid() ? Ownership.Own : OwnerOf(new TaskSpec { Argv = [] }, "");

    private TaskAccounts Accounts => accounts ?? TaskAccounts.Open;

    /// <summary>For whom a task's directories are.</summary>
    /// <exception cref="StartException">This worker can't run it as whom it names.</exception>
    public Ownership OwnerOf(TaskSpec spec, string worker) =>
        !commandsRun ? Ownership.Own
        : spec.Image is not null ? Ownership.InContainer
        : Accounts.Of(spec, worker) is { } user ? Ownership.Of(user.Uid, user.Gid)
        : Ownership.Own;

    /// <summary>As whom a native task runs; null for the agent's own account, and for a container.</summary>
    /// <exception cref="StartException">This worker can't run it as whom it names.</exception>
    public RunAs? AccountOf(TaskSpec spec, string worker) => commandsRun && spec.Image is null ? Accounts.Of(spec, worker) : null;

    /// <summary>Looks for GPUs and the container engine.</summary>
    public async Task PrepareAsync(CancellationToken ct)
    {
        if (commandsRun) Gpus = await NvidiaSmi.AskAsync(Environment.GetEnvironmentVariable("PATH"), "name", ct);
        if (docker is not DockerRuntime engine) return;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(EnginePatience);
        try
        {
            DockerVersion = await engine.VersionAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // An engine that hangs is as good as none for now.
        }
    }

    /// <summary>Removes the containers that belong to no attempt of this worker, if there may be any; else, or when the engine refuses, says why.</summary>
    public async Task<string?> RemoveStrangersAsync(string worker, Func<IReadOnlySet<Guid>> leases, CancellationToken ct)
    {
        if (docker is not DockerRuntime { MayHaveStrangers: true } engine) return null;
        try
        {
            await engine.RemoveStrangersAsync(worker, leases, ct);
            return null;
        }
        catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    public async Task RemoveAsRootAsync(string directory, CancellationToken ct)
    {
        if (Native.Posix.geteuid() != 0 && docker is DockerRuntime engine && DockerVersion is not null) await engine.RemoveAsRootAsync(directory, ct);
    }
}
