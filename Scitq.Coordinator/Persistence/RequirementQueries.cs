using Scitq.Contracts;

namespace Scitq.Coordinator.Persistence;

internal static class RequirementQueries
{
    /// <summary>
    /// Everything that tasks require and do not have. A row that names a task that is not there was left by one that was deleted: that has ended, and
    /// will never succeed.
    /// </summary>
    public static IQueryable<UnmetRequirement> Unmet(this ScitqDb db) =>
        from r in db.Requirements
        join t in db.Tasks on r.RequiredId equals t.CorrelationId into found
        from t in found.DefaultIfEmpty()
        where t == null ? !r.AfterAny
            : t.State != TaskState.Succeeded && (!r.AfterAny || (t.State != TaskState.Failed && t.State != TaskState.Cancelled))
        select new UnmetRequirement
        {
            TaskId = r.TaskId, RequiredId = r.RequiredId, AfterAny = r.AfterAny, Cancels = r.Cancels,
            Number = t == null ? null : t.Number, State = t == null ? null : t.State,
        };
}
