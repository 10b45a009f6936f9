using System.Collections.Concurrent;
using System.Globalization;
using Scitq.Contracts;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>As whom native commands may run here.</summary>
/// <param name="usual">The account of tasks that name none; null for the agent's own.</param>
/// <param name="named">The accounts that a task may name; null for all.</param>
internal sealed class TaskAccounts(uint? usual, IReadOnlySet<uint>? named)
{
    private readonly ConcurrentDictionary<(int? Uid, int? Gid), RunAs?> _known = new();

    /// <summary>Tasks run as the agent, or as whom they name.</summary>
    public static TaskAccounts Open { get; } = new(null, null);

    /// <summary>The account of tasks that name none.</summary>
    public uint Usual => usual ?? Posix.geteuid();

    /// <summary>Null when the command runs as what the agent is.</summary>
    /// <exception cref="StartException">This worker has no such ids, or may not take them.</exception>
    public RunAs? Of(TaskSpec spec, string worker) =>
        spec is { Uid: null, Gid: null } && usual is null ? null
        : _known.TryGetValue((spec.Uid, spec.Gid), out var known) ? known
        : _known[(spec.Uid, spec.Gid)] = Find(spec, worker);

    private RunAs? Find(TaskSpec spec, string worker)
    {
        var (ownUid, ownGid) = (Posix.geteuid(), Posix.getegid());
        var uid = (uint?)spec.Uid ?? Usual;
        if (named is not null && spec.Uid is not null && uid != Usual && !named.Contains(uid))
            throw Refused($"it does not run tasks as uid {uid}: its administrator allows that with --task-users");
        if (Accounts.User(uid) is not { } account) throw Refused($"there is no such uid {uid}. Create the user there, or run in a container");
        var gid = (uint?)spec.Gid ?? account.Gid;
        if (spec.Gid is not null && !Accounts.HasGroup(gid)) throw Refused($"there is no such gid {gid}. Create the group there, or run in a container");
        // A group can be worth as much as an account: that of docker is root's.
        if (named is not null && spec.Gid is not null && !Accounts.GroupsOf(uid).Contains(gid)) throw Refused($"uid {uid} is not of the group {gid}");
        if (uid == ownUid && gid == ownGid) return null;
        if (ownUid != 0) throw Refused($"its agent is uid {ownUid}, and only root may run commands as uid {uid} gid {gid}");
        var setpriv = TaskEnvironment.DefaultPath.Split(':').Select(directory => directory + "/setpriv").FirstOrDefault(File.Exists)
            ?? throw Refused("it has no setpriv program (package util-linux), which uid and gid need");
        // The account made for tasks has the groups it was given (of GPUs, say), and can't become more by sudo or su.
        var unnamed = spec is { Uid: null, Gid: null };
        var rest = unnamed ? "--init-groups --no-new-privs" : "--clear-groups";
        var words = string.Create(CultureInfo.InvariantCulture, $"{setpriv} --reuid {uid} --regid {gid} {rest} --");
        return new RunAs(words, uid, gid, unnamed ? Accounts.GroupsOf(uid) : [], account.Home);

        StartException Refused(string why) => new(FailureClass.Start, $"the command could not be started as another user on worker {worker}: {why}.");
    }
}
