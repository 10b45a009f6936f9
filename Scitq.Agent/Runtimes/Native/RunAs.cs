using System.Globalization;
using Scitq.Contracts;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>The ids a command runs as when they are not the agent's.</summary>
/// <param name="Setpriv">The words that change to them, for a shell.</param>
/// <param name="Home">The user's home.</param>
internal sealed record RunAs(string Setpriv, string? Home)
{
    /// <summary>Null when the command runs as what the agent is.</summary>
    /// <exception cref="StartException">This worker has no such ids, or may not take them.</exception>
    public static RunAs? Of(TaskSpec spec, string worker)
    {
        if (spec.Uid is null && spec.Gid is null) return null;
        var (ownUid, ownGid) = (Posix.geteuid(), Posix.getegid());
        var uid = (uint?)spec.Uid ?? ownUid;
        if (Accounts.User(uid) is not { } account) throw Refused($"there is no such uid {uid}. Create the user there, or run in a container");
        var gid = (uint?)spec.Gid ?? account.Gid;
        if (spec.Gid is not null && !Accounts.HasGroup(gid)) throw Refused($"there is no such gid {gid}. Create the group there, or run in a container");
        if (uid == ownUid && gid == ownGid) return null;
        if (ownUid != 0) throw Refused($"its agent is uid {ownUid}, and only root may run commands as uid {uid} gid {gid}");
        var setpriv = TaskEnvironment.DefaultPath.Split(':').Select(directory => directory + "/setpriv").FirstOrDefault(File.Exists)
            ?? throw Refused("it has no setpriv program (package util-linux), which uid and gid need");
        return new RunAs(string.Create(CultureInfo.InvariantCulture, $"{setpriv} --reuid {uid} --regid {gid} --clear-groups --"), account.Home);

        StartException Refused(string why) => new(FailureClass.Start, $"the command could not be started as another user on worker {worker}: {why}.");
    }
}
