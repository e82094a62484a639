// Written by `mxcp types` from the endpoint files. Do not edit: run `mxcp types` again.
/* eslint-disable */
import type { PromptResult } from 'mxcp';

/** Arguments of the prompt after_the_quake: Plans the calls that support makes after an earthquake. */
export type AfterTheQuakePromptArgs = {
  /** Weakest earthquake that counts */
  readonly min_magnitude: number;
  readonly tone: "factual" | "warm";
  /** Also write the message in these */
  readonly languages: readonly string[];
};

/** What the prompt after_the_quake returns. */
export type AfterTheQuakePromptResult = PromptResult;

/** Arguments of the prompt prepare_review: Prepares the yearly talk between a manager and a member of the team. */
export type PrepareReviewPromptArgs = {
  readonly employee_id: number | `${bigint}`;
  readonly focus: "growth" | "pay" | "both";
};

/** What the prompt prepare_review returns. */
export type PrepareReviewPromptResult = PromptResult;

/** Arguments of the resource company://departments: Departments, who leads them, and how many people work there. */
export type DepartmentsResourceArgs = Record<string, never>;

/** What the resource company://departments returns. */
export type DepartmentsResourceResult = readonly ({
  readonly department?: string | null | undefined;
  readonly head?: string | null | undefined;
  readonly people?: number | bigint | `${bigint}` | null | undefined;
} | null)[];

/** Arguments of the resource earthquakes://{quake_id}: One earthquake by the id that the earthquakes tool gives. */
export type EarthquakeResourceArgs = {
  readonly quake_id: string;
};

/** What the resource earthquakes://{quake_id} returns. */
export type EarthquakeResourceResult = {
  readonly quake_id?: string | null | undefined;
  readonly occurred_at?: string | Date | null | undefined;
  readonly magnitude?: number | `${number}` | null | undefined;
  readonly place?: string | null | undefined;
  readonly latitude?: number | `${number}` | null | undefined;
  readonly longitude?: number | `${number}` | null | undefined;
  readonly depth_km?: number | `${number}` | null | undefined;
  readonly felt_reports?: number | bigint | `${bigint}` | null | undefined;
  readonly tsunami_flag?: boolean | null | undefined;
};

/** Arguments of the resource handbook://{topic}: A page of the employee handbook, as Markdown. */
export type HandbookResourceArgs = {
  readonly topic: "on-call" | "pay" | "returns" | "travel";
};

/** What the resource handbook://{topic} returns. */
export type HandbookResourceResult = string;

/** Arguments of the tool add_order_note: Writes a note on an order. What a rule denies is rolled back, and both the attempt and its end are on record. */
export type AddOrderNoteArgs = {
  readonly order_id: number | `${bigint}`;
  readonly note: string;
};

/** What the tool add_order_note returns. */
export type AddOrderNoteResult = {
  readonly note_id?: number | bigint | `${bigint}` | null | undefined;
  readonly order_id?: number | bigint | `${bigint}` | null | undefined;
  readonly region?: string | null | undefined;
  readonly status?: string | null | undefined;
  readonly written_by?: string | null | undefined;
  readonly note?: string | null | undefined;
};

/** Arguments of the tool customers_near_earthquakes: Customers within a distance of an earthquake of the week, nearest first. For the call that support makes after a quake. */
export type CustomersNearEarthquakesArgs = {
  readonly min_magnitude: number;
  readonly radius_km: number;
};

/** What the tool customers_near_earthquakes returns. */
export type CustomersNearEarthquakesResult = readonly ({
  readonly customer?: string | null | undefined;
  readonly region?: string | null | undefined;
  readonly contact?: string | null | undefined;
  readonly phone?: string | null | undefined;
  readonly magnitude?: number | `${number}` | null | undefined;
  readonly place?: string | null | undefined;
  readonly occurred_at?: string | Date | null | undefined;
  readonly distance_km?: number | `${number}` | null | undefined;
} | null)[];

/** Arguments of the tool delete_order_notes: Deletes all notes of an order, after the human has said how many he means. What is deleted is gone. */
export type DeleteOrderNotesArgs = {
  readonly order_id: number;
};

/** What the tool delete_order_notes returns. */
export type DeleteOrderNotesResult = {
  readonly order_id: number | bigint | `${bigint}` | null;
  readonly deleted: number | bigint | `${bigint}` | null;
};

/** Arguments of the tool earthquakes: Earthquakes of the week up to 7 February 2018, strongest first, anywhere or around a place. Public data of the U.S. Geological Survey. */
export type EarthquakesArgs = {
  readonly min_magnitude: number;
  /** Only around this place */
  readonly near: {
    readonly latitude: number;
    readonly longitude: number;
    readonly radius_km: number;
  } | null;
  readonly limit: number;
};

/** What the tool earthquakes returns. */
export type EarthquakesResult = readonly ({
  readonly quake_id?: string | null | undefined;
  readonly occurred_at?: string | Date | null | undefined;
  readonly magnitude?: number | `${number}` | null | undefined;
  readonly place?: string | null | undefined;
  readonly depth_km?: number | `${number}` | null | undefined;
  readonly latitude?: number | `${number}` | null | undefined;
  readonly longitude?: number | `${number}` | null | undefined;
} | null)[];

/** Arguments of the tool employee: Everything that you may know about one colleague: position, manager, and, depending on who asks, salary and social security number. */
export type EmployeeArgs = {
  /** Number of the employee, as in find_people */
  readonly employee_id: number | `${bigint}`;
};

/** What the tool employee returns. */
export type EmployeeResult = {
  readonly employee_id?: number | bigint | `${bigint}` | null | undefined;
  readonly name?: string | null | undefined;
  readonly title?: string | null | undefined;
  readonly department?: string | null | undefined;
  readonly email?: string | null | undefined;
  /** Absent for the chief executive */
  readonly manager?: string | null | undefined;
  readonly manager_email?: string | null | undefined;
  readonly hired_on?: string | null | undefined;
  /** US dollars a year */
  readonly salary?: number | bigint | `${bigint}` | null | undefined;
  /** Social security number */
  readonly ssn?: string | null | undefined;
};

/** Arguments of the tool find_aftershocks: For each strong earthquake of the week, how many others followed within a distance and two days. Compares every pair, strongest first, and tells how far it is. */
export type FindAftershocksArgs = {
  readonly min_magnitude: number;
  readonly radius_km: number;
};

/** What the tool find_aftershocks returns. */
export type FindAftershocksResult = readonly ({
  readonly quake_id: string | null;
  readonly place?: string | null | undefined;
  readonly magnitude?: number | `${number}` | null | undefined;
  readonly aftershocks: number | bigint | `${bigint}` | null;
} | null)[];

/** Arguments of the tool find_people: The staff directory. Finds colleagues by a part of their name, by how it sounds, by department, or all of it. */
export type FindPeopleArgs = {
  /** Part of a name or title */
  readonly query: string;
  readonly department: "Leadership" | "People" | "Sales" | "Engineering" | "Support" | "Finance" | null;
};

/** What the tool find_people returns. */
export type FindPeopleResult = readonly ({
  readonly employee_id?: number | bigint | `${bigint}` | null | undefined;
  readonly name?: string | null | undefined;
  readonly title?: string | null | undefined;
  readonly department?: string | null | undefined;
  readonly email?: string | null | undefined;
  readonly manager?: string | null | undefined;
} | null)[];

/** Arguments of the tool list_orders: Orders with customer, status and total, newest first. Support sees the own region, analysts and leadership all. */
export type ListOrdersArgs = {
  readonly status: "open" | "shipped" | "delivered" | "returned" | "cancelled" | null;
  /** First day */
  readonly since: string;
  /** At most this many orders, counted before your region is applied */
  readonly limit: number;
};

/** What the tool list_orders returns. */
export type ListOrdersResult = readonly ({
  readonly order_id?: number | bigint | `${bigint}` | null | undefined;
  readonly ordered_on?: string | null | undefined;
  readonly customer?: string | null | undefined;
  readonly region?: "EMEA" | "AMER" | "APAC" | null | undefined;
  readonly status?: string | null | undefined;
  readonly total?: number | `${number}` | null | undefined;
  /** Price less cost */
  readonly margin?: number | `${number}` | null | undefined;
} | null)[];

/** Arguments of the tool order: One order with its customer, its lines and the notes that support wrote on it. */
export type OrderArgs = {
  /** Number of the order */
  readonly order_id: number | `${bigint}`;
};

/** What the tool order returns. */
export type OrderResult = {
  readonly order_id?: number | bigint | `${bigint}` | null | undefined;
  readonly ordered_on?: string | null | undefined;
  readonly status?: string | null | undefined;
  readonly region?: string | null | undefined;
  readonly customer?: {
    readonly name?: string | null | undefined;
    readonly city?: string | null | undefined;
    readonly country?: string | null | undefined;
    readonly contact?: string | null | undefined;
    readonly email?: string | null | undefined;
    readonly phone?: string | null | undefined;
  } | null | undefined;
  readonly lines?: readonly ({
    readonly sku?: string | null | undefined;
    readonly product?: string | null | undefined;
    readonly quantity?: number | bigint | `${bigint}` | null | undefined;
    readonly unit_price?: number | `${number}` | null | undefined;
    readonly unit_cost?: number | `${number}` | null | undefined;
  } | null)[] | null | undefined;
  readonly notes?: readonly (string | null)[] | null | undefined;
  readonly total?: number | `${number}` | null | undefined;
};

/** Arguments of the tool order_in_currency: What an order comes to in another currency, at the rate of the rates service on this machine. */
export type OrderInCurrencyArgs = {
  readonly order_id: number;
  readonly currency: "USD" | "TWD" | "JPY";
};

/** What the tool order_in_currency returns. */
export type OrderInCurrencyResult = {
  readonly order_id: number | bigint | `${bigint}` | null;
  readonly region?: string | null | undefined;
  readonly currency: string | null;
  /** In the currency, rounded to cents */
  readonly total: number | `${number}` | null;
};

/** Arguments of the tool payroll: Salaries by department. The people team sees all of them, a manager those of the own team. */
export type PayrollArgs = {
  /** All departments when absent */
  readonly department: "Leadership" | "People" | "Sales" | "Engineering" | "Support" | "Finance" | null;
};

/** What the tool payroll returns. */
export type PayrollResult = readonly ({
  readonly employee_id?: number | bigint | `${bigint}` | null | undefined;
  readonly name?: string | null | undefined;
  readonly department?: string | null | undefined;
  readonly manager_email?: string | null | undefined;
  readonly salary?: number | bigint | `${bigint}` | null | undefined;
} | null)[];

/** Arguments of the tool sales_chart: Turnover of each month of a year as a bar chart, and its total in words. */
export type SalesChartArgs = {
  readonly year: number;
};

/** What the tool sales_chart returns. */
export type SalesChartResult = unknown;

/** Arguments of the tool sales_figures: Number of orders, turnover and margin by region, month, kind of customer or customer. */
export type SalesFiguresArgs = {
  readonly by: "region" | "month" | "customer_kind" | "customer";
};

/** What the tool sales_figures returns. */
export type SalesFiguresResult = readonly ({
  readonly group?: string | null | undefined;
  readonly orders?: number | bigint | `${bigint}` | null | undefined;
  readonly turnover?: number | `${number}` | null | undefined;
  readonly margin?: number | `${number}` | null | undefined;
} | null)[];

/** Arguments of the tool whoami: Who the server thinks you are, and which roles and capabilities that gives you. */
export type WhoamiArgs = Record<string, never>;

/** What the tool whoami returns. */
export type WhoamiResult = {
  readonly username?: string | null | undefined;
  readonly email?: string | null | undefined;
  readonly role?: string | null | undefined;
  readonly region?: string | null | undefined;
  readonly employee_id?: number | bigint | `${bigint}` | null | undefined;
};

declare module 'mxcp' {
  interface Plugins {
    readonly "names": Awaited<ReturnType<typeof import("../plugins/names.js").create>>;
  }
}
