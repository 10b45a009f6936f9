using System.Globalization;
using System.Runtime.InteropServices;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>Users and groups of this machine, wherever it keeps them.</summary>
internal static unsafe class Accounts
{
    /// <summary>The user's primary group and home, or null when there is no such user.</summary>
    public static (uint Gid, string Home)? User(uint uid) => Find(uid) is { } user ? (user.Gid, user.Home) : null;

    /// <summary>The id of the user who has this name, or this number.</summary>
    public static uint? Uid(string user) =>
        Find((Posix.Account* account, byte* at, int size, out Posix.Account* found) => Posix.getpwnam_r(user, account, at, size, out found))?.Uid
        ?? (uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var uid) && User(uid) is not null ? uid : null);

    /// <summary>All groups of the user.</summary>
    public static uint[] GroupsOf(uint uid) => Find(uid)?.Groups ?? [];

    private delegate int Query(Posix.Account* account, byte* buffer, int size, out Posix.Account* found);

    private static (uint Uid, uint Gid, string Home, uint[] Groups)? Find(uint uid) =>
        Find((Posix.Account* account, byte* at, int size, out Posix.Account* found) => Posix.getpwuid_r(uid, account, at, size, out found));

    private static (uint Uid, uint Gid, string Home, uint[] Groups)? Find(Query query)
    {
        for (var size = 4096; ; size *= 4)
        {
            var buffer = new byte[size];
            fixed (byte* at = buffer)
            {
                Posix.Account account;
                var error = query(&account, at, size, out var found);
                if (error == Posix.Erange && size < 1 << 20) continue;
                return found is null ? null : (account.Uid, account.Gid, Marshal.PtrToStringUTF8((nint)account.Home) ?? "/", Groups(account));
            }
        }
    }

    private static uint[] Groups(Posix.Account account)
    {
        var groups = new uint[64];
        while (true)
        {
            var count = groups.Length;
            fixed (uint* at = groups)
                if (Posix.getgrouplist(account.Name, account.Gid, at, &count) >= 0) return groups[..count];
            groups = new uint[Math.Max(count, groups.Length * 2)];
        }
    }

    /// <summary>Whether there is such a group.</summary>
    public static bool HasGroup(uint gid)
    {
        // struct group, of which only its being there matters.
        var group = stackalloc byte[64];
        for (var size = 4096; ; size *= 4)
        {
            var buffer = new byte[size];
            fixed (byte* at = buffer)
            {
                var error = Posix.getgrgid_r(gid, group, at, size, out var found);
                // A group whose list of members does not fit exists all the same.
                if (error == Posix.Erange && size < 1 << 20) continue;
                return found != 0 || error == Posix.Erange;
            }
        }
    }
}
