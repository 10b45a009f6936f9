using System.Runtime.InteropServices;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>Users and groups of this machine, wherever it keeps them.</summary>
internal static unsafe class Accounts
{
    /// <summary>The user's primary group and home, or null when there is no such user.</summary>
    public static (uint Gid, string Home)? User(uint uid)
    {
        for (var size = 4096; ; size *= 4)
        {
            var buffer = new byte[size];
            fixed (byte* at = buffer)
            {
                Posix.Account account;
                var error = Posix.getpwuid_r(uid, &account, at, size, out var found);
                if (error == Posix.Erange && size < 1 << 20) continue;
                return found is null ? null : (account.Gid, Marshal.PtrToStringUTF8((nint)account.Home) ?? "/");
            }
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
